//! The binary `countenance`.

fn main() {}
