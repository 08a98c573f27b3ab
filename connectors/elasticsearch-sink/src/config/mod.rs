//! Configuration: the keys of the original's versions 5.5 to 15, and what they
//! mean together.

mod keys;
mod settings;
mod ssl_keys;
mod tls;
mod unsupported;
mod validate;

#[cfg(test)]
mod tests;

pub(crate) use keys::definition;
pub(crate) use settings::{
    Credentials, DataStream, OnMalformed, OnNull, Proxy, Resources, Retries, Settings, WriteMethod,
};
pub(crate) use tls::{Own, Tls};
pub(crate) use unsupported::warnings;
pub(crate) use validate::validate;
