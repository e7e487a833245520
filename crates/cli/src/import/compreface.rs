//! The subjects of a running CompreFace, by the pictures it has kept.

use super::people::{People, Person};
use super::report::Report;
use crate::failure::Failure;
use countenance_core::vault::ExternalId;
use countenance_server::{Elsewhere, Operator, Told};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Faces of a page.
const PAGE: usize = 500;
/// Most pages: five million faces.
const MOST_PAGES: usize = 10_000;

/// One of its recognition services.
pub(super) struct CompreFace {
    server: Elsewhere,
    /// As it was given.
    url: String,
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

/// The server that an address names: `http://HOST:PORT`, or `https` and whose certificates are in `ca`.
fn server(url: &str, ca: &Path) -> Option<Elsewhere> {
    let (rest, usual, roots) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
        (Some(rest), _) => (rest, 80, None),
        (None, Some(rest)) => (rest, 443, Some(ca.to_owned())),
        (None, None) => return None,
    };
    let rest = rest.trim_end_matches('/');
    // An IPv6 address stands in brackets.
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port),
        None => rest.find(':').map_or((rest, ""), |at| rest.split_at(at)),
    };
    let port = match port.strip_prefix(':') {
        Some(port) => port.parse().ok()?,
        None if port.is_empty() => usual,
        None => return None,
    };
    let of_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    let fits = !host.is_empty() && host.chars().all(of_host);
    fits.then(|| Elsewhere {
        host: host.to_owned(),
        port,
        roots,
    })
}

impl CompreFace {
    pub(super) fn connect(url: &str, key: &str, ca: &Path) -> Result<Self, Failure> {
        let server = server(url, ca).ok_or_else(|| {
            Failure::usage(
                "--url is not http://HOST:PORT or https://HOST:PORT",
                "the address that CompreFace's own pages are at, without a path",
            )
        })?;
        Ok(Self {
            server,
            url: url.to_owned(),
            key: key.to_owned(),
            line: Mutex::new(None),
        })
    }

    fn unreached(&self, error: std::io::Error) -> Failure {
        let hint = match &self.server.roots {
            Some(_) => {
                "it must answer at this address, with a certificate of this very name, vouched for by one in --ca FILE; one that \
                 signs itself is its own"
            }
            None => "it must answer at this address; behind TLS say https://",
        };
        Failure::from(error).about(&self.url).with_hint(hint)
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
        let mut fresh = Operator::elsewhere(&self.server)?;
        let told = fresh.ask("GET", path, &headers, None)?;
        *line = Some(fresh);
        Ok(told)
    }
}

impl People for CompreFace {
    fn list(&self, report: &mut Report) -> Result<Vec<Person>, Failure> {
        let mut people: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for page in 0..MOST_PAGES {
            let path = format!("/api/v1/recognition/faces?page={page}&size={PAGE}");
            let told = self.ask(&path).map_err(|error| self.unreached(error))?;
            if told.status != 200 {
                return Err(refused(&told));
            }
            let read: Page = serde_json::from_slice(&told.body).map_err(anyhow::Error::new)?;
            for face in read.faces {
                people.entry(face.subject).or_default().push(face.image_id);
            }
            if page + 1 >= read.total_pages {
                break;
            }
        }
        let mut all = Vec::new();
        for (name, photos) in people {
            match ExternalId::new(&name) {
                Ok(id) => all.push(Person { id, photos }),
                Err(error) => report.stray(&name, &error.to_string()),
            }
        }
        Ok(all)
    }

    fn photo(&self, _: &Person, photo: &str) -> Result<Result<Vec<u8>, String>, Failure> {
        let is_id = photo.bytes().all(|at| at.is_ascii_hexdigit() || at == b'-');
        if !is_id {
            return Ok(Err("its id is none".to_owned()));
        }
        let path = format!("/api/v1/recognition/faces/{photo}/img");
        let told = self.ask(&path).map_err(|error| self.unreached(error))?;
        match told.status {
            200 if told.body.is_empty() => {
                Ok(Err("CompreFace has not kept the picture".to_owned()))
            }
            200 => Ok(Ok(told.body)),
            status @ (400 | 404) => Ok(Err(format!("CompreFace answers {status}"))),
            _ => Err(refused(&told)),
        }
    }
}

/// What is said of an answer that is none to the question.
fn refused(told: &Told) -> Failure {
    let text = String::from_utf8_lossy(&told.body).into_owned();
    let text: String = text.chars().take(200).collect();
    let text = format!("CompreFace answers {}: {text}", told.status);
    if told.status >= 500 {
        let hint = "look what is wrong with it and begin again: whoever is in stays";
        return Failure::from(anyhow::Error::msg(text)).with_hint(hint);
    }
    Failure::usage(text, "--key is the key of one of its recognition services")
}

#[cfg(test)]
mod tests {
    use super::server;
    use std::path::Path;

    #[test]
    fn an_address_has_a_host_and_perhaps_a_port_and_nothing_else() {
        let read = |url| {
            let found = server(url, Path::new("ca.pem"))?;
            Some((found.host, found.port, found.roots.is_some()))
        };
        for (url, host, port, tls) in [
            ("http://localhost:8000", "localhost", 8000, false),
            ("http://10.0.0.7/", "10.0.0.7", 80, false),
            ("https://faces.example", "faces.example", 443, true),
            ("https://[::1]:8443/", "::1", 8443, true),
            ("http://[fe80::1]", "fe80::1", 80, false),
        ] {
            assert_eq!(read(url), Some((host.to_owned(), port, tls)), "{url}");
        }
        for url in [
            "",
            "localhost:8000",
            "ftp://host",
            "http://",
            "https://host:port",
            "https://host:0x1",
            "http://host/api",
            "http://me@host",
            "http://[::1",
            "http://[::1]8000",
            "http://a b",
        ] {
            assert_eq!(read(url), None, "{url}");
        }
    }
}
