//! Template arithmetic: compare, calibrate, search.
