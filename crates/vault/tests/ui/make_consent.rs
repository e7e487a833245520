use countenance_vault::{Consent, Grant};

fn make(grant: Grant) -> Consent {
    Consent { subject: 1, generation: 1, number: 0, grant }
}

fn main() {}
