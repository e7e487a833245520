//! The subjects of a running CompreFace, by the pictures it has kept.

use super::people::{People, Person};
use crate::failure::Failure;
use countenance_core::vault::ExternalId;
use countenance_server::{Operator, Told};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Faces of a page.
const PAGE: usize = 500;
/// Most pages: five million faces.
const MOST_PAGES: usize = 10_000;

/// One of its recognition services.
pub(super) struct CompreFace {
    /// Host and port.
    address: String,
    key: String,
    line: Mutex<Option<Operator>>,
}

#[derive(Deserialize)]
struct Page {
    faces: Vec<Face>,
    total_pages: usize,
}

#[derive(Deserialize)]
struct Face {
    image_id: String,
    subject: String,
}

impl CompreFace {
    pub(super) fn connect(url: &str, key: &str) -> Result<Self, Failure> {
        let address = url
            .strip_prefix("http://")
            .map(|rest| rest.trim_end_matches('/'));
        let address = address.filter(|rest| !rest.is_empty() && !rest.contains('/'));
        let address = address.ok_or_else(|| {
            Failure::usage(
                "the address is not http://HOST:PORT",
                "a CompreFace behind TLS is reached through a tunnel: ssh -L 8000:localhost:8000 HOST",
            )
        })?;
        let with_port = if address.contains(':') {
            address.to_owned()
        } else {
            format!("{address}:80")
        };
        Ok(Self {
            address: with_port,
            key: key.to_owned(),
            line: Mutex::new(None),
        })
    }

    /// Asks, over a new connection where the old one is gone.
    fn ask(&self, path: &str) -> std::io::Result<Told> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let headers = [("x-api-key", self.key.as_str())];
        if let Some(open) = line.as_mut()
            && let Ok(told) = open.ask("GET", path, &headers, None)
        {
            return Ok(told);
        }
        let mut fresh = Operator::elsewhere(&self.address)?;
        let told = fresh.ask("GET", path, &headers, None)?;
        *line = Some(fresh);
        Ok(told)
    }
}

impl People for CompreFace {
    fn list(&self) -> Result<Vec<Person>, Failure> {
        let mut people: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for page in 0..MOST_PAGES {
            let path = format!("/api/v1/recognition/faces?page={page}&size={PAGE}");
            let told = self
                .ask(&path)
                .map_err(|error| Failure::from(error).about(&self.address))?;
            if told.status != 200 {
                let text = String::from_utf8_lossy(&told.body).into_owned();
                let text: String = text.chars().take(200).collect();
                return Err(Failure::usage(
                    format!("CompreFace answers {}: {text}", told.status),
                    "--key is the key of one of its recognition services",
                ));
            }
            let read: Page = serde_json::from_slice(&told.body).map_err(anyhow::Error::new)?;
            for face in read.faces {
                people.entry(face.subject).or_default().push(face.image_id);
            }
            if page + 1 >= read.total_pages {
                break;
            }
        }
        let person = |(name, photos): (String, Vec<String>)| {
            let id = ExternalId::new(&name)?;
            Ok(Person { id, photos })
        };
        people.into_iter().map(person).collect()
    }

    fn photo(&self, _: &Person, photo: &str) -> Result<Vec<u8>, String> {
        let is_id = photo.bytes().all(|at| at.is_ascii_hexdigit() || at == b'-');
        if !is_id {
            return Err("its id is none".to_owned());
        }
        let path = format!("/api/v1/recognition/faces/{photo}/img");
        let told = self.ask(&path).map_err(|error| error.to_string())?;
        match told.status {
            200 if told.body.is_empty() => Err("CompreFace has not kept the picture".to_owned()),
            200 => Ok(told.body),
            status => Err(format!("CompreFace answers {status}")),
        }
    }
}
