//! Error rates of a model from lists of scores.
