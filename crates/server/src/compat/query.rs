//! What may stand behind the question mark. What is not known there is passed over, as is what is empty.

use super::fault::Fault;
use axum::extract::Query as Pairs;
use axum::http::Uri;
use countenance_core::FacesWanted;
use std::str::FromStr;

/// The parameters of a question about pictures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Query {
    pub(super) limit: usize,
    pub(super) least_sure: f32,
    pub(super) prediction_count: usize,
    pub(super) landmarks: bool,
    pub(super) pose: bool,
    pub(super) calculator: bool,
    pub(super) status: bool,
    pub(super) detect_faces: bool,
}

/// Names and values.
pub(super) fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, Fault> {
    let pairs = Pairs::<Vec<(String, String)>>::try_from_uri(uri);
    let Pairs(mut pairs) = pairs.map_err(|_| Fault::wrong())?;
    pairs.retain(|(_, value)| !value.is_empty());
    Ok(pairs)
}

/// The value of a name, read.
pub(super) fn value<T: FromStr>(
    pairs: &[(String, String)],
    name: &str,
) -> Result<Option<T>, Fault> {
    let found = pairs.iter().find(|(given, _)| given == name);
    let read = found.map(|(_, value)| value.trim().parse());
    read.transpose().map_err(|_| Fault::wrong())
}

impl Query {
    pub(super) fn of(uri: &Uri) -> Result<Self, Fault> {
        let pairs = pairs(uri)?;
        let mut violations = String::new();
        let mut held = |holds: bool, text: &str| {
            if !holds {
                violations.push_str(text);
                violations.push_str("; ");
            }
        };
        let limit: i64 = value(&pairs, "limit")?.unwrap_or(0);
        held(limit >= 0, "Limit should be equal or greater than 0");
        let count: i64 = value(&pairs, "prediction_count")?.unwrap_or(1);
        held(
            count >= 1,
            "prediction_count should be equal or greater than 1",
        );
        let sure: f64 = value(&pairs, "det_prob_threshold")?.unwrap_or(0.0);
        held(
            (0.0..=1.0).contains(&sure),
            "det_prob_threshold should be between 0 and 1",
        );
        if !violations.is_empty() {
            return Err(Fault::invalid(violations));
        }
        let plugins: String = value(&pairs, "face_plugins")?.unwrap_or_default();
        let asked = |name: &str| plugins.split(',').any(|plugin| plugin.trim() == name);
        let on = |name: &str, usual: bool| {
            let word: Option<String> = value(&pairs, name)?;
            match word.map(|word| word.to_lowercase()).as_deref() {
                None => Ok(usual),
                Some("true" | "1" | "yes" | "on") => Ok(true),
                Some("false" | "0" | "no" | "off") => Ok(false),
                Some(_) => Err(Fault::wrong()),
            }
        };
        Ok(Self {
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            least_sure: sure as f32,
            prediction_count: usize::try_from(count).unwrap_or(usize::MAX),
            landmarks: asked("landmarks"),
            pose: asked("pose"),
            // Its own server looks for the word anywhere.
            calculator: plugins.contains("calculator"),
            status: on("status", false)?,
            detect_faces: on("detect_faces", true)?,
        })
    }

    /// Which faces of a picture that is.
    pub(super) fn wanted(&self, templates: bool) -> FacesWanted {
        FacesWanted {
            least_sure: self.least_sure,
            most: self.limit,
            templates,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Query;

    fn of(query: &str) -> Result<Query, super::Fault> {
        Query::of(&format!("/x?{query}").parse().unwrap())
    }

    #[test]
    fn what_real_clients_send_is_read() {
        // compreface-sdk begins with `&`; compreface-sdk-python sends names and values that mean nothing.
        let read =
            of("&limit=2&det_prob_threshold=0.8&status=true&face_plugins=landmarks,mask").unwrap();
        assert_eq!((read.limit, read.status, read.landmarks), (2, true, true));
        assert!((read.least_sure - 0.8).abs() < 1e-6 && !read.calculator);
        let read = of("limit=&threshold=&face_plugins=&prediction_count=3").unwrap();
        assert_eq!(
            (read.limit, read.prediction_count, read.pose),
            (0, 3, false)
        );
        assert!(of("face_plugins=mycalculator").unwrap().calculator);
        assert!(!of("detect_faces=false").unwrap().detect_faces);
    }

    #[test]
    fn violations_are_joined() {
        let both = of("limit=-1&prediction_count=0").unwrap_err();
        let text = "Limit should be equal or greater than 0; prediction_count should be equal or greater than 1; ";
        assert_eq!(both, super::Fault::invalid(text));
        assert_eq!(of("limit=x").unwrap_err(), super::Fault::wrong());
        assert!(of("det_prob_threshold=1.1").is_err() && of("status=perhaps").is_err());
    }
}
