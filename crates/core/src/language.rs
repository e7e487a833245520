//! Languages in which people are asked.

/// A language that the texts of this crate have.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Language {
    /// Also of those whose own there is not.
    #[default]
    English,
    /// Germany, Austria, Switzerland and others write it alike.
    German,
}

impl Language {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its tag (BCP 47).
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The one that serves somebody who wishes this: `de-AT` is served with German, what there is not with English.
    #[must_use]
    pub fn serving(tag: &str) -> Self {
        let base = tag.split('-').next().unwrap_or_default();
        let mut all = Self::ALL.into_iter();
        all.find(|one| base.eq_ignore_ascii_case(one.tag()))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn regions_are_served_with_their_language_and_others_with_english() {
        for (tag, language) in [
            ("de", Language::German),
            ("DE-at", Language::German),
            ("en-GB", Language::English),
            ("fr", Language::English),
            ("den", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::serving(tag), language, "{tag}");
        }
    }
}
