//! Image bytes to faces, aligned crops, quality and embeddings.
