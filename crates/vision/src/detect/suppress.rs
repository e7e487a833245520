//! Several sightings of one face become one.

use super::Face;

/// Two areas that overlap by more than this show the same face.
const SAME_AREA: f32 = 0.3;

/// An area that lies inside a surer, larger one by more than this share is a part of that face:
/// a fine level sees a nose or an ear as a face of its own now and then.
const SAME_INSIDE: f32 = 0.8;

/// Faces that are kept at most: comparisons grow with their square.
const MAX_FACES: usize = 512;

/// Greedy non-maximum suppression: keeps the surest sighting of each face, the surest first.
pub(super) fn suppress(faces: &mut Vec<Face>) {
    faces.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Face> = Vec::new();
    for face in faces.iter() {
        if kept.len() == MAX_FACES {
            break;
        }
        if !kept.iter().any(|other| shows_same(face, other)) {
            kept.push(*face);
        }
    }
    *faces = kept;
}

/// Is `face` another sighting, or a part, of the surer `other`?
fn shows_same(face: &Face, other: &Face) -> bool {
    let common = face.area.intersection(other.area).pixels();
    face.area.overlap(other.area) > SAME_AREA
        || (other.area.pixels() > face.area.pixels() && common > SAME_INSIDE * face.area.pixels())
}
