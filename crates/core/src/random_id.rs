//! Ids that are 16 random bytes: a letter, a hyphen and base64url where people read them.

/// Makes a type of them.
macro_rules! random_id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Of these bytes, which must be random.
            #[must_use]
            pub fn new(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            #[must_use]
            pub fn bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                use base64::Engine as _;
                let digits = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.0);
                write!(f, concat!($prefix, "-{}"), digits)
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                use base64::Engine as _;
                let digits = text.strip_prefix(concat!($prefix, "-")).ok_or(())?;
                let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(digits);
                let bytes = bytes.map_err(|_| ())?;
                Ok(Self(bytes.try_into().map_err(|_| ())?))
            }
        }
    };
}
pub(crate) use random_id;

#[cfg(test)]
mod tests {
    use crate::{DeviceKeyId, PaymentId};

    #[test]
    fn an_id_is_read_as_it_is_shown_and_no_other_way() {
        let id = PaymentId::new([0xfb; 16]);
        let text = id.to_string();
        assert_eq!(text, "p--_v7-_v7-_v7-_v7-_v7-w");
        assert_eq!(text.parse(), Ok(id));
        for other in [
            "",
            "p-",
            "d--_v7-_v7-_v7-_v7-_v7-w",
            "p-w",
            "p--_v7-_v7-_v7-_v7-_v7-x",
        ] {
            assert_eq!(other.parse::<PaymentId>(), Err(()), "{other}");
        }
        assert_eq!(
            DeviceKeyId::new([0xfb; 16]).to_string(),
            "d--_v7-_v7-_v7-_v7-_v7-w"
        );
    }
}
