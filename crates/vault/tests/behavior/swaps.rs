//! Rows and fields in one another's place.

use super::house::{House, at, id};
use countenance_vault::VaultError;

fn two() -> Option<House> {
    let house = House::fresh()?;
    house.enrolled("ana", &[0xa1; 132]);
    house.enrolled("bea", &[0xb2; 132]);
    Some(house)
}

#[test]
fn swapped_rows_and_fields_do_not_open_on_any_store() {
    let Some(control) = two() else { return };
    control.place.tamper("UPDATE record SET bytes = bytes");
    assert_eq!(control.verify("ana", at(1)).unwrap(), [[0xa1; 132]]);
    assert_eq!(control.verify("bea", at(1)).unwrap(), [[0xb2; 132]]);
    for (table, key, field) in [
        ("record", "place", "bytes"),
        ("consent", "place", "ledger"),
        ("consent", "place", "detail"),
        ("subject", "number", "profile"),
        ("subject", "number", "key_id"),
        ("subject", "number", "pseudonym"),
    ] {
        let Some(house) = two() else { return };
        house.place.tamper(&format!(
            "CREATE TABLE old AS SELECT {key} AS k, {field} AS v FROM {table};
             UPDATE {table} SET {field} = (SELECT v FROM old WHERE k <> {table}.{key});
             DROP TABLE old"
        ));
        for who in ["ana", "bea"] {
            let refused = house.verify(who, at(1));
            let closed = matches!(
                refused,
                Err(VaultError::Corrupt { .. } | VaultError::Unknown { what: "subject" })
            );
            assert!(closed, "{table}.{field}: {refused:?}");
        }
    }
}

#[test]
fn a_counter_of_another_subject_does_not_open() {
    let Some(house) = two() else { return };
    for who in ["ana", "bea"] {
        let target = house.vault.find(&house.collection, &id(who)).unwrap();
        let purpose = countenance_vault::Purpose::Verify;
        drop(house.vault.count_attempt(&target, purpose, at(1)).unwrap());
    }
    house.place.tamper(
        "CREATE TABLE old AS SELECT slot AS k, sealed AS v FROM attempt;
         UPDATE attempt SET sealed = (SELECT v FROM old WHERE k <> attempt.slot);
         DROP TABLE old",
    );
    let refused = house.verify("ana", at(2)).unwrap_err();
    assert!(
        matches!(
            refused,
            VaultError::Corrupt {
                what: "attempt counter"
            }
        ),
        "{refused}"
    );
}

#[test]
fn a_consent_that_does_not_read_is_named_and_in_nobody_elses_way() {
    let Some(house) = two() else { return };
    let faults = || house.vault.examine(0, 10).unwrap().faults;
    assert_eq!(faults(), []);
    house.place.tamper(
        "UPDATE consent SET ledger = substr(ledger, 1, 10)
         WHERE place = (SELECT min(place) FROM consent)",
    );
    assert_eq!(faults(), [(1, "consent")]);
    let kept = house.vault.retain(0, 10, at(1)).unwrap();
    assert_eq!((kept.examined, kept.unreadable), (2, vec![1]));
    assert_eq!(house.verify("bea", at(1)).unwrap(), [[0xb2; 132]]);
    let refused = house.verify("ana", at(1)).unwrap_err();
    assert_eq!(refused.to_string(), "stored consent is damaged");
}
