//! Rendered people and attacks, for tuning and judging what a session is judged by. Not part of the product.
//!
//! There are no recordings of people here, and none can be taken without asking them. So photos are made to move:
//! [`Surface`] and [`Facets`] turn and smile as a head does, each in its own way, and [`Flat`] holds a photo before
//! the camera as somebody does who is not that person. Thresholds are set by looking at [`Facets`], and rates reported on
//! [`Surface`]. Neither has the mesh in it that sessions are judged by.
//!
//! What is rendered is not what cameras see. It shows that the geometry is right, that every cue is needed, and where thresholds may lie; how
//! many real people and real attacks come through it does not show.

mod facets;
mod flat;
mod head;
mod image;
mod people;
mod record;
mod species;

pub use facets::Facets;
pub use flat::{Flat, Medium};
pub use head::{BETWEEN, EYES, FRAME, Portrait, Pose, Shown, light};
pub use image::{Color, Dice, Image};
pub use people::{Person, people, samples, worker};
pub use record::{Renderer, record};
pub use surface::Surface;

mod surface;
