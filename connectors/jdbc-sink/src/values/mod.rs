//! Values: what a field means, what a column takes, and the texts between.

pub(crate) mod decimal;
pub(crate) mod encode;
pub(crate) mod form;
pub(crate) mod kind;
pub(crate) mod temporal;
pub(crate) mod zone;

pub(crate) use encode::{Cells, encode};
pub(crate) use form::{Family, Form};
pub(crate) use kind::{Kind, Unit};
pub(crate) use zone::Zone;
