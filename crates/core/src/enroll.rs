//! Use case: keep templates of a person who consented.

use crate::{
    Capture, CaptureError, CompareError, Engine, Fault, Registry, StageTimings, VerifyError,
    Worker, template_v1,
};
use countenance_gallery::{Score, Template};
use countenance_vault::{Consent, ModelName, NewTemplates, Unlocked, VaultError};
use countenance_vision::QualityCause;
use thiserror::Error;
use zeroize::Zeroizing;

/// Most templates a subject has.
pub const MAX_TEMPLATES: usize = 16;

/// What came of the photos of an enrollment.
#[derive(Clone, Debug)]
pub struct Enrollment {
    /// The answer.
    pub outcome: EnrollOutcome,
    /// What was found in each photo, as far as they were looked at.
    pub captures: Vec<Capture>,
    /// How long it took.
    pub timings: StageTimings,
}

/// The outcomes of an enrollment; only [`EnrollOutcome::Enrolled`] stores anything.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnrollOutcome {
    /// A photo does not show the person of the first one, at the registry's false-match rate.
    Different {
        /// Index of the photo.
        photo: usize,
    },
    /// The templates are sealed.
    Enrolled {
        /// Numbers of the new records.
        records: Vec<u16>,
        /// How many older records they took the place of.
        replaced: usize,
    },
    /// The photos do not show the person whose templates are there, at the registry's
    /// false-match rate. Which photo and how far off is not said: it would help to get closer.
    NotTheSubject,
    /// A photo is too poor: take it again.
    Recapture {
        /// Index of the photo.
        photo: usize,
        /// The first cause found.
        cause: QualityCause,
    },
}

/// Photos that are to become the templates of a subject.
#[derive(Clone, Copy, Debug)]
pub struct EnrollRequest<'a> {
    /// Whose.
    pub subject: &'a Unlocked,
    /// The proof that the subject agreed.
    pub consent: &'a Consent,
    /// JPEG, PNG or WebP bytes, 1 to 16 pictures.
    pub photos: &'a [Vec<u8>],
    /// Whether the templates there are go once the new ones are sealed. The photos must show
    /// their person all the same.
    pub replace: bool,
}

/// An enrollment failed. A poor picture is an outcome.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EnrollError {
    /// A photo could not be taken through to its template.
    #[error("photo {number} failed", number = photo + 1)]
    Capture {
        /// Index of the photo.
        photo: usize,
        /// What failed.
        source: CaptureError,
    },
    /// The photos could not be held against one another.
    #[error("photos do not compare")]
    Compare(#[from] CompareError),
    /// No photos, or more than a subject may have.
    #[error("{got} photos, expected 1 to {max}")]
    Photos {
        /// Photos that were given.
        got: usize,
        /// Most the subject has room for.
        max: usize,
    },
    /// Somebody else enrolled the subject at the same moment; nothing was kept of these photos.
    #[error("somebody else enrolled the subject at the same moment")]
    Raced,
    /// A template that is there does not read.
    #[error("stored template cannot be compared")]
    Stored(#[source] Box<VerifyError>),
    /// The vault refused: consent, subject, too many attempts, store.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl EnrollError {
    /// Who can do something about it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Capture { source, .. } => source.fault(),
            Self::Compare(error) => error.fault(),
            Self::Photos { .. } => Fault::Caller,
            Self::Raced => Fault::Storage,
            Self::Stored(error) => error.fault(),
            Self::Vault(error) => error.fault().into(),
        }
    }
}

impl Registry {
    /// Makes templates of all photos and seals them under the subject's own key: all or none.
    ///
    /// Each photo must be good enough, and each must show the person of the first one: with 1:1
    /// comparison at the registry's false-match rate. Where the subject has templates already, each
    /// photo must also match the best of them: nobody becomes somebody else. That comparison is an
    /// attempt like those of [`verify`](Registry::verify): counted on the disk before, limited,
    /// written to the audit log, reset by a match. Templates of another model cannot be compared
    /// and are passed over, so that a newer model can take over; whoever has to be enrolled with
    /// a face that does not match is erased and added again, which the audit log shows.
    ///
    /// The consent is asked again when sealing.
    ///
    /// # Errors
    /// [`EnrollError`] when a picture does not decode, there are too many, the consent no longer
    /// holds, too many attempts were made, or the store fails.
    pub fn enroll(
        &self,
        worker: &mut Worker,
        request: &EnrollRequest<'_>,
    ) -> Result<Enrollment, EnrollError> {
        let start = worker.engine.clock().elapsed();
        let older = self.vault().records(request.subject)?;
        let room = MAX_TEMPLATES.saturating_sub(older.len());
        if request.photos.is_empty() || request.photos.len() > room {
            return Err(EnrollError::Photos {
                got: request.photos.len(),
                max: room,
            });
        }
        let (mut captures, mut timings) = (Vec::new(), StageTimings::default());
        let looked = self.look(worker, request.photos, &mut captures, &mut timings)?;
        let outcome = match looked {
            Err(outcome) => outcome,
            Ok(templates) => self.keep(&worker.engine, request, &older, &templates)?,
        };
        timings.total = worker.engine.clock().elapsed().saturating_sub(start);
        Ok(Enrollment {
            outcome,
            captures,
            timings,
        })
    }

    /// The same with templates that were made of photos by this engine before, each good enough and of one person:
    /// for whoever looks at many photos at once. The photos of the request are not looked at, and no networks are needed, so that
    /// many threads may keep what a few have made.
    ///
    /// # Errors
    /// As [`enroll`](Registry::enroll).
    pub fn enroll_templates(
        &self,
        engine: &Engine,
        request: &EnrollRequest<'_>,
        templates: &[Template],
    ) -> Result<EnrollOutcome, EnrollError> {
        let older = self.vault().records(request.subject)?;
        let room = MAX_TEMPLATES.saturating_sub(older.len());
        if templates.is_empty() || templates.len() > room {
            return Err(EnrollError::Photos {
                got: templates.len(),
                max: room,
            });
        }
        self.keep(engine, request, &older, templates)
    }

    /// A template that was made of a photo by this engine before, as the vault keeps it, with the model that made it: for whoever adds
    /// many subjects at once with [`Vault::enroll_many`](countenance_vault::Vault::enroll_many).
    ///
    /// # Errors
    /// [`VaultError`] when the model has a name that the vault does not take.
    pub fn stored_template(
        &self,
        template: &Template,
    ) -> Result<(ModelName, Zeroizing<Vec<u8>>), VaultError> {
        let model = ModelName::new(template.model().as_str())?;
        let flip_averaged = self.policy().capture.flip_averaging;
        Ok((model, template_v1::write(template, flip_averaged)))
    }

    /// Templates of one person become those of the subject, if they are the subject's.
    fn keep(
        &self,
        engine: &Engine,
        request: &EnrollRequest<'_>,
        older: &[(u16, ModelName)],
        templates: &[Template],
    ) -> Result<EnrollOutcome, EnrollError> {
        if !self.are_of(engine, request, older, templates)? {
            return Ok(EnrollOutcome::NotTheSubject);
        }
        let records = self.seal(request, older, templates)?;
        let replaced = if request.replace { older.len() } else { 0 };
        Ok(EnrollOutcome::Enrolled { records, replaced })
    }

    /// The templates of the photos, or why there are none.
    fn look(
        &self,
        worker: &mut Worker,
        photos: &[Vec<u8>],
        captures: &mut Vec<Capture>,
        timings: &mut StageTimings,
    ) -> Result<Result<Vec<Template>, EnrollOutcome>, EnrollError> {
        let policy = &self.policy().capture;
        let failed = |photo| move |source| EnrollError::Capture { photo, source };
        let mut templates: Vec<Template> = Vec::new();
        for (photo, bytes) in photos.iter().enumerate() {
            let looked = worker.capture(bytes, policy, timings);
            let (capture, crop) = looked.map_err(failed(photo))?;
            captures.push(capture);
            let crop = match crop {
                Ok(crop) => crop,
                Err(cause) => return Ok(Err(EnrollOutcome::Recapture { photo, cause })),
            };
            let template = worker
                .embed(&crop, policy, timings)
                .map_err(failed(photo))?;
            if let Some(first) = templates.first() {
                let threshold = worker.engine.threshold(self.policy())?;
                let score = first.compare(&template).map_err(CompareError::from)?;
                if !threshold.accepts(score) {
                    return Ok(Err(EnrollOutcome::Different { photo }));
                }
            }
            templates.push(template);
        }
        Ok(Ok(templates))
    }

    /// Whether every template matches the best of those that are there. It is an attempt.
    fn are_of(
        &self,
        engine: &Engine,
        request: &EnrollRequest<'_>,
        older: &[(u16, ModelName)],
        templates: &[Template],
    ) -> Result<bool, EnrollError> {
        let of_this_model = |template: &Template| {
            let model = template.model().as_str();
            older.iter().any(|(_, older)| older.as_str() == model)
        };
        if !templates.iter().any(of_this_model) {
            return Ok(true);
        }
        let (vault, subject, consent) = (self.vault(), request.subject, request.consent);
        let threshold = engine.threshold(self.policy())?;
        let target = subject.subject().target();
        let attempt = match vault.count_attempt(&target, consent.purpose(), self.now()) {
            Ok(attempt) => attempt,
            Err(error) => {
                if matches!(error, VaultError::Attempts(_)) {
                    vault.refuse(&target, consent.purpose(), false, self.now())?;
                }
                return Err(error.into());
            }
        };
        let references = vault.references(subject, consent, &attempt, self.now())?;
        // All are compared with all, so that the time tells nothing either.
        let (mut matching, mut compared) = (0, false);
        for template in templates {
            let mut best: Option<Score> = None;
            for reference in &references {
                let comparable = self.comparable(reference, template);
                let comparable = comparable.map_err(|error| EnrollError::Stored(error.into()))?;
                if let Some(stored) = comparable {
                    let score = stored.compare(template).map_err(CompareError::from)?;
                    best = best.max(Some(score));
                }
            }
            compared |= best.is_some();
            matching += usize::from(best.is_some_and(|score| threshold.accepts(score)));
        }
        if compared && matching < templates.len() {
            vault.decline(attempt, false, self.now())?;
            return Ok(false);
        }
        if compared {
            vault.accept(attempt, subject, consent, self.now())?;
        } else {
            vault.decline(attempt, true, self.now())?;
        }
        Ok(true)
    }

    /// Seals templates, all or none, if the records are still those they were compared with.
    fn seal(
        &self,
        request: &EnrollRequest<'_>,
        older: &[(u16, ModelName)],
        templates: &[Template],
    ) -> Result<Vec<u16>, EnrollError> {
        let stored = templates.iter().map(|one| self.stored_template(one));
        let templates: Result<Vec<_>, VaultError> = stored.collect();
        let beside: Vec<u16> = older.iter().map(|(number, _)| *number).collect();
        let new = NewTemplates {
            templates: &templates?,
            beside: &beside,
            replace: request.replace,
        };
        let (subject, consent) = (request.subject, request.consent);
        let sealed = self
            .vault()
            .enroll_all(subject, consent, &new, self.now())?;
        sealed.ok_or(EnrollError::Raced)
    }
}
