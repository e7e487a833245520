//! Which sessions are played with what was recorded.

use serde_json::{Value, json};

/// The folder of what one person or a picture of theirs does.
pub(crate) fn recorded(kind: &str, number: usize) -> String {
    format!("{kind}/{number:04}")
}

/// The sessions of one person of so many and of the attacks with their photo; `reference` is what they are enrolled with.
pub(crate) fn sessions(number: usize, people: usize, reference: Option<&str>) -> Vec<Value> {
    let mut sessions = Vec::new();
    let mut add = |species: &str, kind: &str, more: Value| {
        let mut session = json!({"species": species, "clips": recorded(kind, number)});
        if let (Some(reference), Some(session)) = (reference, session.as_object_mut()) {
            session.insert("reference".to_owned(), json!(reference));
        }
        if let (Some(session), Value::Object(more)) = (session.as_object_mut(), more) {
            session.extend(more);
        }
        sessions.push(session);
    };
    let calm = json!({"calm": true});
    add("genuine", "people", json!({}));
    add("genuine", "people", calm.clone());
    add("static photo", "print", json!({}));
    add("static photo", "print", calm.clone());
    add("photo on a screen", "screen", json!({}));
    add("tilted photo", "tilted", json!({}));
    add("tilted photo", "tilted", calm.clone());
    add("bent photo, tilted", "bent", json!({}));
    add("bent photo, tilted", "bent", calm.clone());
    for (species, kind) in [
        ("tilted photo, swung across", "swung"),
        ("bent photo, swung across", "swung and bent"),
        ("photos exchanged by hand", "exchanged"),
    ] {
        add(species, kind, json!({}));
        add(species, kind, calm.clone());
    }
    add("smiling throughout", "smiling", json!({}));
    add("smiling throughout", "smiling", calm.clone());
    add("gestures played on a screen", "played", json!({}));
    add("gestures played on a screen", "played", calm);
    add("replayed session", "people", json!({"answer": "replay"}));
    add(
        "replayed session",
        "people",
        json!({"answer": "replay", "calm": true}),
    );
    add(
        "gesture before its prompt",
        "people",
        json!({"answer": "ready"}),
    );
    let next = format!("people/{:04}", (number + 1) % people);
    if people > 1 {
        add("swapped in the middle", "people", json!({"then": next}));
        for (species, part) in [
            ("somebody else turns", "turn"),
            ("somebody else is lit", "light"),
        ] {
            add(species, "people", json!({"then": next, "only_for": part}));
            let calm = json!({"then": next, "only_for": part, "calm": true});
            add(species, "people", calm);
        }
        if reference.is_some() {
            add("impostor", "people", json!({"clips": next}));
        }
    }
    sessions
}
