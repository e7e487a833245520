//! Keys that clients of another product ask with.

use crate::terminal::plain;
use clap::ValueEnum;
use countenance_api::{CompatKey, CompatProduct, CompatPurpose, CompatService};

/// What such a key needs.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "A key for clients of another product")]
pub(super) struct Args {
    /// Whose protocol it speaks
    #[arg(long, value_enum, value_name = "PRODUCT", requires_all = ["service", "attest"])]
    pub(super) compat: Option<Product>,

    /// Which service of it
    #[arg(long, value_enum, requires = "compat")]
    service: Option<Service>,

    /// Your word on how subjects agree: it names the procedure behind every consent entered through the key
    #[arg(long, value_name = "TEXT", requires = "compat")]
    attest: Option<String>,

    /// To what they agree, separated by commas
    #[arg(long, value_enum, value_name = "PURPOSES", value_delimiter = ',', requires = "compat", default_values = ["verify", "identify"])]
    purpose: Vec<Purpose>,

    /// Days each consent lasts [default: as long as the server allows]
    #[arg(long, value_name = "DAYS", requires = "compat", value_parser = clap::value_parser!(u32).range(1..=1095))]
    retention_days: Option<u32>,

    /// The share of strangers who may be taken for a subject, at most 1e-2: it bounds how many subjects there may be
    /// [default: 1e-3]
    #[arg(long, value_name = "SHARE", requires = "compat")]
    fpir: Option<f64>,

    /// Keep the pictures of faces, each sealed under its subject's key
    #[arg(long, requires = "compat")]
    keep_pictures: bool,

    /// Give embeddings out and take them in
    #[arg(long, requires = "compat")]
    embeddings: bool,

    /// The collection of a recognition service [default: a new one, compreface-ID]
    #[arg(long, value_name = "NAME", requires = "compat")]
    collection: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Product {
    Compreface,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Service {
    Recognition,
    Detection,
    Verification,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Purpose {
    Verify,
    Identify,
}

impl Args {
    /// The order, if it is for a key of this kind.
    pub(super) fn key(&self) -> Option<CompatKey> {
        let (Some(Product::Compreface), Some(service)) = (self.compat, self.service) else {
            return None;
        };
        let purposes = self.purpose.iter().map(|purpose| match purpose {
            Purpose::Verify => CompatPurpose::Verify,
            Purpose::Identify => CompatPurpose::Identify,
        });
        Some(CompatKey {
            product: CompatProduct::Compreface,
            service: match service {
                Service::Recognition => CompatService::Recognition,
                Service::Detection => CompatService::Detection,
                Service::Verification => CompatService::Verification,
            },
            attestation: self.attest.clone().unwrap_or_default(),
            purposes: purposes.collect(),
            retention_days: self.retention_days,
            fpir: self.fpir,
            keep_pictures: self.keep_pictures,
            embeddings: self.embeddings,
            collection: self.collection.clone(),
        })
    }
}

/// What a list shows of it.
pub(super) fn line(key: &CompatKey) -> String {
    let service = match key.service {
        CompatService::Recognition => "recognition",
        CompatService::Detection => "detection",
        CompatService::Verification => "verification",
    };
    let mut line = format!("compreface {service}");
    if let Some(collection) = &key.collection {
        line.push_str(&format!("  collection {}", plain(collection)));
    }
    if key.keep_pictures {
        line.push_str("  keeps pictures");
    }
    if key.embeddings {
        line.push_str("  embeddings");
    }
    line.push_str(&format!("  attested: {}", plain(&key.attestation)));
    line
}
