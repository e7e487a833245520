//! Sealed records, keyring, consent ledger and audit log behind one Store trait.
