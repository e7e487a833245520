use super::house::{House, at};

#[test]
fn keys_of_the_platform_that_are_made_and_revoked_are_in_the_log() {
    let Some(house) = House::fresh() else { return };
    let before = house.vault.audit_size().unwrap();
    let made = house.vault.record_key_made(0x0011_2233_4455_6677, at(1));
    assert_eq!(made.unwrap(), before);
    let revoked = house.vault.record_key_revoked(0x0011_2233_4455_6677, at(2));
    assert_eq!(revoked.unwrap(), before + 1);
    assert_eq!(house.vault.audit_size().unwrap(), before + 2);
    house.vault.audit_verify().unwrap();
}

#[test]
fn what_the_platform_seals_opens_only_for_the_same_use_and_the_same_values() {
    let Some(house) = House::fresh() else { return };
    let sealer = house.vault.sealer("cursor");
    let sealed = sealer.bound_to(&[b"acme", b"staff"]).seal(b"17").unwrap();
    // The positive control: the same values, said again, open it.
    let again = house.vault.sealer("cursor").bound_to(&[b"acme", b"staff"]);
    assert_eq!(again.open(&sealed).unwrap()[..], b"17"[..]);
    for other in [
        house.vault.sealer("answer").bound_to(&[b"acme", b"staff"]),
        sealer.bound_to(&[b"acmes", b"taff"]),
        sealer.bound_to(&[b"acme"]),
        house.vault.sealer("cursor"),
    ] {
        assert!(other.open(&sealed).is_none());
    }
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert!(again.open(&altered).is_none(), "byte {at}");
    }
    assert!(again.open(b"").is_none());
}
