//! The use cases of Countenance: one Engine, one file per use case.
