//! The pinned model weights of Countenance: manifest, digests, calibration.
