//! The sealed record: one template in its own place (spec, section 3).

use crate::consent::Run;
use crate::error::VaultError;
use crate::ident::ModelName;
use crate::random::Random;
use crate::seal;
use crate::secret::Secret;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const HEADER: usize = 36;
const PAYLOADS: [usize; 6] = [160, 224, 544, 1056, 2080, 4160];

/// Longest template a record holds, in bytes.
pub const MAX_TEMPLATE: usize = 4158;

/// Where a record belongs; all of it is bound into the seal.
pub(crate) struct Place<'a> {
    /// tenant id, collection id, pseudonym: 64 bytes.
    pub(crate) owner: &'a [u8],
    pub(crate) key_id: &'a [u8; 16],
    pub(crate) number: u16,
    /// The line of consents it was sealed under.
    pub(crate) run: &'a Run,
}

fn aad(place: &Place<'_>, header: &[u8], model: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(21 + 64 + 2 + 6 + HEADER + 4 + model.len());
    out.extend_from_slice(b"countenance record v1");
    out.extend_from_slice(place.owner);
    out.extend_from_slice(&place.number.to_le_bytes());
    out.extend_from_slice(place.run);
    out.extend_from_slice(header);
    out.extend_from_slice(&(model.len() as u32).to_le_bytes());
    out.extend_from_slice(model.as_bytes());
    out
}

/// Which size a record of `template` has, or that none holds it.
pub(crate) fn class_of(template: &[u8]) -> Result<usize, VaultError> {
    let fits = |&size: &usize| template.len() + 2 <= size;
    let class = PAYLOADS.iter().position(fits);
    class
        .filter(|_| !template.is_empty())
        .ok_or(VaultError::Limit {
            what: "template bytes",
            got: template.len() as u64,
            max: MAX_TEMPLATE as u64,
        })
}

/// The bytes of a record that holds `template`.
pub(crate) fn seal_record(
    body_key: &Secret,
    random: &dyn Random,
    place: &Place<'_>,
    model: &ModelName,
    template: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let class = class_of(template)?;
    let mut out = Vec::with_capacity(HEADER + PAYLOADS[class] + seal::OVERHEAD);
    out.extend_from_slice(&[VERSION, class as u8, 0, 0]);
    out.extend_from_slice(&model.digest());
    out.extend_from_slice(place.key_id);
    let mut payload = Zeroizing::new(vec![0; PAYLOADS[class]]);
    payload[..2].copy_from_slice(&(template.len() as u16).to_le_bytes());
    payload[2..2 + template.len()].copy_from_slice(template);
    let aad = aad(place, &out, model.as_str());
    out.extend(seal::seal(body_key, random, &aad, &payload)?);
    Ok(out)
}

/// The model digest of a record, if its header is one of this version and its length fits.
pub(crate) fn model_digest(record: &[u8]) -> Option<[u8; 16]> {
    let header: &[u8; HEADER] = record.first_chunk()?;
    let payload = *PAYLOADS.get(usize::from(header[1]))?;
    let fits = header[0] == VERSION
        && header[2..4] == [0, 0]
        && record.len() == HEADER + payload + seal::OVERHEAD;
    if fits {
        header[4..20].try_into().ok()
    } else {
        None
    }
}

/// The template in a record, or `None` when it does not open here.
pub(crate) fn open_record(
    body_key: &Secret,
    place: &Place<'_>,
    model: &ModelName,
    record: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let digest = model_digest(record)?;
    let (header, sealed) = record.split_at_checked(HEADER)?;
    if digest != model.digest() || header[20..36] != place.key_id[..] {
        return None;
    }
    let mut payload = seal::open(body_key, &aad(place, header, model.as_str()), sealed).ok()?;
    let length = usize::from(u16::from_le_bytes(*payload.first_chunk()?));
    if length == 0 || length + 2 > payload.len() {
        return None;
    }
    payload.copy_within(2..2 + length, 0);
    payload.truncate(length);
    Some(payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    fn place(owner: &[u8; 64], number: u16) -> Place<'_> {
        Place {
            owner,
            key_id: &[9; 16],
            number,
            run: &[6; 6],
        }
    }

    #[test]
    fn a_record_opens_only_in_its_own_place() {
        let key = Secret::new(&[3; 32]);
        let model = ModelName::new("sface-2021dec").unwrap();
        let template = vec![0xa5; 132];
        let owner = [1; 64];
        let record =
            seal_record(&key, &SystemRandom, &place(&owner, 0), &model, &template).unwrap();
        assert_eq!(record.len(), 224);
        let opened = open_record(&key, &place(&owner, 0), &model, &record).unwrap();
        assert_eq!(*opened, template);

        for byte in [0, 16, 32, 63] {
            let mut other = owner;
            other[byte] ^= 1;
            assert!(open_record(&key, &place(&other, 0), &model, &record).is_none());
        }
        assert!(open_record(&key, &place(&owner, 1), &model, &record).is_none());
        let later = Place {
            run: &[7; 6],
            ..place(&owner, 0)
        };
        assert!(open_record(&key, &later, &model, &record).is_none());
        let other = ModelName::new("other").unwrap();
        assert!(open_record(&key, &place(&owner, 0), &other, &record).is_none());
        for at in 0..record.len() {
            let mut altered = record.clone();
            altered[at] ^= 0x40;
            assert!(
                open_record(&key, &place(&owner, 0), &model, &altered).is_none(),
                "byte {at}"
            );
        }
    }

    #[test]
    fn templates_of_one_length_class_make_records_of_one_size() {
        let key = Secret::new(&[3; 32]);
        let model = ModelName::new("m").unwrap();
        for (length, size) in [
            (1, 224),
            (158, 224),
            (159, 288),
            (512, 608),
            (542, 608),
            (2048, 2144),
            (4158, 4224),
        ] {
            let owner = [1; 64];
            let template = vec![7; length];
            let record =
                seal_record(&key, &SystemRandom, &place(&owner, 0), &model, &template).unwrap();
            assert_eq!(record.len(), size);
            let opened = open_record(&key, &place(&owner, 0), &model, &record).unwrap();
            assert_eq!(*opened, template);
        }
        for length in [0, 4159] {
            let template = vec![7; length];
            let refused = seal_record(&key, &SystemRandom, &place(&[1; 64], 0), &model, &template);
            assert!(matches!(refused, Err(VaultError::Limit { .. })));
        }
    }
}
