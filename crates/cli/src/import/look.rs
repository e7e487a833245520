//! The photos of a person: looked at by a thread of its own.

use super::people::{People, Person};
use crate::failure::Failure;
use countenance_core::{
    CaptureError, ComparePolicy, Engine, MAX_TEMPLATES, Template, Threshold, Worker,
};

/// Most photos of a person that are looked at.
const MOST_PHOTOS: usize = 64;

/// What came of the photos of a person.
pub(super) struct Looked {
    pub(super) templates: Vec<Template>,
    /// Photos and why they were refused.
    pub(super) refused: Vec<(String, String)>,
}

/// A thread's networks and what they are held against.
pub(super) struct Looker<'a> {
    worker: Worker,
    policy: &'a ComparePolicy,
    threshold: Threshold,
}

impl<'a> Looker<'a> {
    pub(super) fn new(engine: &Engine, policy: &'a ComparePolicy) -> Result<Self, Failure> {
        Ok(Self {
            worker: engine.worker().map_err(anyhow::Error::from_boxed)?,
            policy,
            threshold: engine.threshold(policy)?,
        })
    }

    /// Makes templates of the photos of a person: of those that are good enough and show the same face.
    pub(super) fn look(
        &mut self,
        people: &impl People,
        person: &Person,
    ) -> Result<Looked, Failure> {
        let mut refused = Vec::new();
        let mut made: Vec<(&String, Template)> = Vec::new();
        for (at, photo) in person.photos.iter().enumerate() {
            if at >= MOST_PHOTOS {
                refused.push((photo.clone(), format!("more than {MOST_PHOTOS} photos")));
                continue;
            }
            match self.template(people, person, photo)? {
                Ok(template) => made.push((photo, template)),
                Err(reason) => refused.push((photo.clone(), reason)),
            }
        }
        let same = self.of_one_person(&made)?;
        let mut templates = Vec::new();
        for ((photo, template), same) in made.into_iter().zip(same) {
            if !same {
                let reason = "does not show the person of the other photos";
                refused.push((photo.clone(), reason.to_owned()));
            } else if templates.len() == MAX_TEMPLATES {
                let reason = format!("a subject has at most {MAX_TEMPLATES} templates");
                refused.push((photo.clone(), reason));
            } else {
                templates.push(template);
            }
        }
        Ok(Looked { templates, refused })
    }

    fn template(
        &mut self,
        people: &impl People,
        person: &Person,
        photo: &str,
    ) -> Result<Result<Template, String>, Failure> {
        let bytes = match people.photo(person, photo)? {
            Ok(bytes) => bytes,
            Err(reason) => return Ok(Err(reason)),
        };
        match self.worker.extract(&bytes, &self.policy.capture) {
            Ok(looked) => Ok(looked.template.ok_or_else(|| {
                let cause = looked.capture.causes.first();
                cause.map_or("no face", |cause| cause.code()).to_owned()
            })),
            Err(CaptureError::Decode(error)) => Ok(Err(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// Which photos match the one that most of them match.
    fn of_one_person(&self, made: &[(&String, Template)]) -> Result<Vec<bool>, Failure> {
        let mut best: Vec<bool> = Vec::new();
        let count = |same: &[bool]| same.iter().filter(|same| **same).count();
        for (_, one) in made {
            let mut same = Vec::with_capacity(made.len());
            for (_, other) in made {
                let score = one.compare(other).map_err(anyhow::Error::new)?;
                same.push(self.threshold.accepts(score));
            }
            if count(&same) > count(&best) {
                best = same;
            }
        }
        Ok(best)
    }
}
