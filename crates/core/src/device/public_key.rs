//! The public half of a device key.

use super::cbor::{Cbor, Item};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

/// Algorithms that a device key may have (COSE), the best first: Ed25519, ES256, RS256.
pub const ALGORITHMS: [i32; 3] = [-8, -7, -257];

/// Bytes of an RSA modulus; authenticators make no other.
const MODULUS: usize = 256;
const EXPONENT: [u8; 3] = [1, 0, 1];

/// A public key that signatures are held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// Ed25519.
    Ed25519([u8; 32]),
    /// ECDSA with P-256 and SHA-256: a point without its prefix.
    Es256([u8; 64]),
    /// RSA with PKCS #1 v1.5 and SHA-256, exponent 65537.
    Rs256(Box<[u8; MODULUS]>),
}

/// What a key in COSE says of itself.
#[derive(Default)]
struct Cose<'a> {
    kind: Option<i128>,
    algorithm: Option<i128>,
    curve: Option<i128>,
    /// -1 of RSA.
    modulus: Option<&'a [u8]>,
    /// -2.
    x: Option<&'a [u8]>,
    /// -3.
    y: Option<&'a [u8]>,
}

impl PublicKey {
    /// The key stand-in that nobody has the private half of in use: the generator of P-256.
    pub(crate) const NOBODYS: Self = Self::Es256([
        0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40,
        0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98,
        0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c,
        0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68,
        0x37, 0xbf, 0x51, 0xf5,
    ]);

    /// A key in COSE (RFC 9052) that comes next; nothing for algorithms that are not offered and for points on no curve.
    pub(super) fn read_cose(cbor: &mut Cbor<'_>) -> Option<Self> {
        let mut cose = Cose::default();
        for _ in 0..cbor.map()? {
            let Item::Number(label) = cbor.item()? else {
                return None;
            };
            let before = match (label, cbor.item()?) {
                (1, Item::Number(kind)) => cose.kind.replace(kind).is_some(),
                (3, Item::Number(algorithm)) => cose.algorithm.replace(algorithm).is_some(),
                (-1, Item::Number(curve)) => cose.curve.replace(curve).is_some(),
                (-1, Item::Bytes(n)) => cose.modulus.replace(n).is_some(),
                (-2, Item::Bytes(x)) => cose.x.replace(x).is_some(),
                (-3, Item::Bytes(y)) => cose.y.replace(y).is_some(),
                _ => return None,
            };
            if before {
                return None;
            }
        }
        let key = match cose {
            Cose {
                kind: Some(1),
                algorithm: Some(-8),
                curve: Some(6),
                modulus: None,
                x: Some(x),
                y: None,
            } => Self::Ed25519(x.try_into().ok()?),
            Cose {
                kind: Some(2),
                algorithm: Some(-7),
                curve: Some(1),
                modulus: None,
                x: Some(x),
                y: Some(y),
            } => {
                let mut point = [0; 64];
                let (front, back) = point.split_at_mut(32);
                front.copy_from_slice(<&[u8; 32]>::try_from(x).ok()?);
                back.copy_from_slice(<&[u8; 32]>::try_from(y).ok()?);
                Self::Es256(point)
            }
            Cose {
                kind: Some(3),
                algorithm: Some(-257),
                curve: None,
                modulus: Some(n),
                x: Some(e),
                y: None,
            } if e == EXPONENT => Self::Rs256(Box::new(n.try_into().ok()?)),
            _ => return None,
        };
        key.is_one().then_some(key)
    }

    /// Its code and its bytes, as they are kept.
    pub(super) fn parts(&self) -> (u8, &[u8]) {
        match self {
            Self::Ed25519(key) => (1, key),
            Self::Es256(point) => (2, point),
            Self::Rs256(modulus) => (3, &modulus[..]),
        }
    }

    /// A key as it was kept.
    pub(super) fn from_parts(code: u8, bytes: &[u8]) -> Option<Self> {
        match code {
            1 => Some(Self::Ed25519(bytes.try_into().ok()?)),
            2 => Some(Self::Es256(bytes.try_into().ok()?)),
            3 => Some(Self::Rs256(Box::new(bytes.try_into().ok()?))),
            _ => None,
        }
    }

    /// Whether it is a key at all: a point on its curve, a modulus of full length.
    fn is_one(&self) -> bool {
        match self {
            Self::Ed25519(key) => ParsedPublicKey::new(&ED25519, key).is_ok(),
            Self::Es256(point) => {
                ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, uncompressed(point)).is_ok()
            }
            Self::Rs256(modulus) => modulus[0] & 0x80 != 0 && modulus[MODULUS - 1] & 1 != 0,
        }
    }

    /// Whether it signed this.
    pub(super) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let checked = match self {
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Self::Es256(point) => {
                let key = uncompressed(point);
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(message, signature)
            }
            Self::Rs256(modulus) => {
                let key = RsaPublicKeyComponents {
                    n: &modulus[..],
                    e: &EXPONENT[..],
                };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        checked.is_ok()
    }
}

/// A point with the prefix that says that it is whole.
fn uncompressed(point: &[u8; 64]) -> [u8; 65] {
    let mut out = [4; 65];
    out[1..].copy_from_slice(point);
    out
}

#[cfg(test)]
mod tests {
    use super::{Cbor, PublicKey};
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    };

    fn cose_es256(point: &[u8]) -> Vec<u8> {
        let mut cose = vec![0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32];
        cose.extend_from_slice(&point[1..33]);
        cose.extend_from_slice(&[0x22, 0x58, 32]);
        cose.extend_from_slice(&point[33..]);
        cose
    }

    #[test]
    fn a_key_of_either_curve_is_read_kept_and_checks_what_it_signed() {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let cose = cose_es256(pair.public_key().as_ref());
        let es256 = PublicKey::read_cose(&mut Cbor::new(&cose)).unwrap();
        let by_point = pair.sign(&random, b"this").unwrap();
        let pair = Ed25519KeyPair::generate().unwrap();
        let mut cose = vec![0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32];
        cose.extend_from_slice(pair.public_key().as_ref());
        let ed25519 = PublicKey::read_cose(&mut Cbor::new(&cose)).unwrap();
        let by_edwards = pair.sign(b"this");
        for (key, signature, other) in [
            (es256, by_point.as_ref(), by_edwards.as_ref()),
            (ed25519, by_edwards.as_ref(), by_point.as_ref()),
        ] {
            let (code, bytes) = key.parts();
            assert_eq!(PublicKey::from_parts(code, bytes), Some(key.clone()));
            assert!(key.signed(b"this", signature));
            assert!(!key.signed(b"that", signature));
            assert!(!key.signed(b"this", other));
            assert!(!PublicKey::NOBODYS.signed(b"this", signature));
        }
        assert!(PublicKey::NOBODYS.is_one(), "it costs what any other does");
    }

    #[test]
    fn what_is_no_key_or_another_algorithm_is_refused() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let good = cose_es256(pair.public_key().as_ref());
        assert!(PublicKey::read_cose(&mut Cbor::new(&good)).is_some());
        for (at, byte) in [
            (0, 0xa4),
            (2, 1),
            (4, 0x27),
            (6, 2),
            (7, 0x22),
            (20, good[20] ^ 1),
        ] {
            let mut bad = good.clone();
            bad[at] = byte;
            assert!(PublicKey::read_cose(&mut Cbor::new(&bad)).is_none(), "{at}");
        }
        assert!(PublicKey::read_cose(&mut Cbor::new(&good[..70])).is_none());
    }
}
