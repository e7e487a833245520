//! `countenance detect`: which faces are in these pictures?

use crate::draw::{self, DetectionSheet};
use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json::{self, FaceJson, TimingJson};
use crate::pictures;
use crate::terminal::{self, FAINT, GREEN, RED, YELLOW};
use crate::verify::picture_failure;
use countenance_core::{CapturePolicy, DecodeLimits, DetectedFace, Detection, Search, Worker};
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Which faces are in these pictures?
///
/// Finds every face of 20 pixels or more, with five landmarks and what was measured of its quality. Each picture has an
/// outcome of its own: one that cannot be read does not stop the others.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance detect party.jpg
      One line per face: where it is and how well it is seen.
  countenance detect *.jpg --draw found
      Paint the faces into found/NAME.png, one for each picture.
  countenance detect *.jpg --json > faces.json
      For a program.

Exit codes:
  0  every picture has a face
  2  the command line makes no sense
  3  every picture was read, and at least one has no face
  4  at least one picture could not be read; the others were still looked at

JSON: pictures, each with file, error (null, or why it could not be read), size (width, height),
faces (each box, landmarks, quality, detector_score) and timing_ms. Boxes and landmarks are in
pixels of the upright picture; landmarks are the image-left and image-right eye, the nose tip and
the image-left and image-right corner of the mouth.")]
pub(crate) struct Args {
    /// The pictures: JPEG, PNG or WebP files
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,

    /// Print the outcomes as JSON
    #[arg(long)]
    json: bool,

    /// Paint the faces of each picture into a PNG file in this folder
    #[arg(long, value_name = "DIR")]
    draw: Option<PathBuf>,
}

/// The document that `--json` prints.
#[derive(Debug, Serialize)]
struct DetectJson {
    pictures: Vec<PictureJson>,
}

#[derive(Debug, Serialize)]
struct PictureJson {
    file: String,
    error: Option<String>,
    size: Option<SizeJson>,
    faces: Vec<DetectedFaceJson>,
    timing_ms: Option<TimingJson>,
}

#[derive(Debug, Serialize)]
struct SizeJson {
    width: usize,
    height: usize,
}

#[derive(Debug, Serialize)]
struct DetectedFaceJson {
    #[serde(flatten)]
    face: FaceJson,
    detector_score: f64,
}

/// Looks at each picture in turn.
pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    engine.options()?;
    let mut drawings = match &args.draw {
        Some(folder) => Some(Drawings::into(folder)?),
        None => None,
    };
    let engine = engine.engine()?;
    let mut worker = engine.worker().map_err(anyhow::Error::from_boxed)?;
    let mut exit = Exit::Success;
    let mut document = DetectJson {
        pictures: Vec::new(),
    };
    for path in &args.images {
        let outcome = look(&mut worker, path, drawings.as_mut());
        exit = exit.max(match &outcome {
            Ok(detection) if detection.faces.is_empty() => Exit::Recapture,
            Ok(_) => Exit::Success,
            Err(failure) => failure.exit(),
        });
        if args.json {
            document.pictures.push(picture_json(path, &outcome));
        } else {
            write(&mut anstream::stdout().lock(), path, &outcome)?;
        }
        if let Err(failure) = &outcome {
            failure.print();
        }
    }
    if args.json {
        json::print(&document)?;
    }
    Ok(exit)
}

fn look(
    worker: &mut Worker,
    path: &Path,
    drawings: Option<&mut Drawings>,
) -> Result<Detection, Failure> {
    let bytes = pictures::read(path)?;
    let policy = CapturePolicy {
        search: Search::All,
        ..CapturePolicy::default()
    };
    let detection = worker
        .detect(&bytes, &policy)
        .map_err(|error| picture_failure(error).about(path.display()))?;
    if let Some(drawings) = drawings {
        drawings.paint(path, &bytes, &detection)?;
    }
    Ok(detection)
}

fn picture_json(path: &Path, outcome: &Result<Detection, Failure>) -> PictureJson {
    let detection = outcome.as_ref().ok();
    PictureJson {
        file: path.display().to_string(),
        error: outcome.as_ref().err().map(Failure::message),
        size: detection.map(|detection| SizeJson {
            width: detection.size.width,
            height: detection.size.height,
        }),
        faces: detection.map_or_else(Vec::new, |detection| {
            detection.faces.iter().map(face_json).collect()
        }),
        timing_ms: detection.map(|detection| TimingJson::from(&detection.timings)),
    }
}

fn face_json(face: &DetectedFace) -> DetectedFaceJson {
    DetectedFaceJson {
        face: FaceJson::from(face),
        detector_score: json::rounded(face.face.score.into(), 3),
    }
}

fn write(
    out: &mut impl Write,
    path: &Path,
    outcome: &Result<Detection, Failure>,
) -> io::Result<()> {
    let name = terminal::plain(path.display());
    let Ok(detection) = outcome else {
        return writeln!(out, "{RED}failed{RED:#}  {name}");
    };
    let style = if detection.faces.is_empty() {
        YELLOW
    } else {
        GREEN
    };
    let count = count(detection.faces.len());
    let size = detection.size;
    writeln!(
        out,
        "{style}{count}{style:#}  {name}  {}\u{d7}{}  {FAINT}{}{FAINT:#}",
        size.width,
        size.height,
        terminal::timings(&detection.timings)
    )?;
    for (i, found) in detection.faces.iter().enumerate() {
        let area = found.face.area;
        writeln!(
            out,
            "  {:>2}  at {:.0},{:.0} size {:.0}\u{d7}{:.0}: {}",
            i + 1,
            area.x,
            area.y,
            area.width,
            area.height,
            terminal::face(&found.quality, &found.causes)
        )?;
    }
    Ok(())
}

/// `1 face`, `3 faces`.
fn count(faces: usize) -> String {
    match faces {
        0 => "no face".to_owned(),
        1 => "1 face".to_owned(),
        several => format!("{several} faces"),
    }
}

/// The folder that drawings go to.
struct Drawings {
    folder: PathBuf,
    taken: std::collections::BTreeSet<String>,
}

impl Drawings {
    fn into(folder: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::from(error).about(folder.display()))?;
        Ok(Self {
            folder: folder.to_owned(),
            taken: std::collections::BTreeSet::new(),
        })
    }

    fn paint(&mut self, path: &Path, bytes: &[u8], detection: &Detection) -> Result<(), Failure> {
        let picture = countenance_vision::decode(bytes, &DecodeLimits::default())?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        let sheet = DetectionSheet {
            picture: &picture,
            faces: &detection.faces,
            name: name.to_string_lossy().into_owned(),
            summary: summary(detection),
        };
        let target = self.target(path);
        let drawn = draw::detection(&sheet);
        let drawn = drawn.map_err(|error| Failure::from(error).about(target.display()))?;
        draw::save(&drawn, &target)
    }

    /// `photo.png` for `photo.jpg`; `photo-2.png` for the next picture of that name.
    fn target(&mut self, path: &Path) -> PathBuf {
        let stem = path.file_stem().unwrap_or(path.as_os_str());
        let stem = stem.to_string_lossy();
        let mut name = format!("{stem}.png");
        let mut count = 1;
        while !self.taken.insert(name.clone()) {
            count += 1;
            name = format!("{stem}-{count}.png");
        }
        self.folder.join(name)
    }
}

fn summary(detection: &Detection) -> String {
    let size = detection.size;
    let poor = detection
        .faces
        .iter()
        .filter(|face| !face.causes.is_empty());
    let poor = match poor.count() {
        0 => String::new(),
        poor => format!("  ·  {poor} too poor for a template (amber)"),
    };
    format!(
        "{}  ·  {}\u{d7}{} px  ·  {} ms{poor}",
        count(detection.faces.len()),
        size.width,
        size.height,
        terminal::milliseconds(detection.timings.total)
    )
}
