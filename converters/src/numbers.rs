//! The converters of one primitive type: `Boolean`, `Short`, `Integer`, `Long`,
//! `Float` and `DoubleConverter`, big-endian as Kafka's serializers.

use std::marker::PhantomData;

use bytes::Bytes;
use connect_api::data::{Schema, SchemaRef, Type, Value};
use connect_api::plugin::Converted;
use connect_api::registry::{ConverterPlugin, HeaderConverterPlugin, PluginClass};
use connect_api::{Error, Result};

use crate::VERSION;
use crate::config::type_only;
use crate::convert::{Both, Convert};
use crate::json::type_name;

pub(crate) const CONVERTERS: [ConverterPlugin; 6] = [
    converter::<bool>(),
    converter::<f64>(),
    converter::<f32>(),
    converter::<i32>(),
    converter::<i64>(),
    converter::<i16>(),
];

pub(crate) const HEADER_CONVERTERS: [HeaderConverterPlugin; 6] = [
    header_converter::<bool>(),
    header_converter::<f64>(),
    header_converter::<f32>(),
    header_converter::<i32>(),
    header_converter::<i64>(),
    header_converter::<i16>(),
];

const fn converter<T: Primitive>() -> ConverterPlugin {
    ConverterPlugin {
        name: name::<T>(),
        config: type_only,
        create: |_, _| Ok(Box::new(Both(PrimitiveConverter::<T>::new()))),
    }
}

const fn header_converter<T: Primitive>() -> HeaderConverterPlugin {
    HeaderConverterPlugin {
        name: name::<T>(),
        config: type_only,
        create: |_| Ok(Box::new(Both(PrimitiveConverter::<T>::new()))),
    }
}

const fn name<T: Primitive>() -> PluginClass {
    PluginClass {
        class: T::CLASS,
        other_classes: &[],
        version: VERSION,
    }
}

/// A type that has a converter of its own.
trait Primitive: Sized + Send + 'static {
    const CLASS: &'static str;
    /// Its name in the original's errors.
    const NAME: &'static str;
    const KIND: Type;
    const SIZE: usize;

    /// Appends the bytes of `value`; false if it is of another type.
    fn write(value: &Value, out: &mut Vec<u8>) -> bool;

    /// The value of `SIZE` bytes.
    fn read(bytes: &[u8]) -> Result<Value>;
}

macro_rules! number {
    ($type:ty, $variant:ident, $name:literal, $class:literal) => {
        impl Primitive for $type {
            const CLASS: &'static str = concat!("org.apache.kafka.connect.converters.", $class);
            const NAME: &'static str = $name;
            const KIND: Type = Type::$variant;
            const SIZE: usize = size_of::<$type>();

            fn write(value: &Value, out: &mut Vec<u8>) -> bool {
                let Value::$variant(value) = value else {
                    return false;
                };
                out.extend_from_slice(&value.to_be_bytes());
                true
            }

            fn read(bytes: &[u8]) -> Result<Value> {
                let mut buffer = [0; size_of::<$type>()];
                buffer.copy_from_slice(bytes);
                Ok(Value::$variant(<$type>::from_be_bytes(buffer)))
            }
        }
    };
}

number!(i16, Int16, "short", "ShortConverter");
number!(i32, Int32, "integer", "IntegerConverter");
number!(i64, Int64, "long", "LongConverter");
number!(f32, Float32, "float", "FloatConverter");
number!(f64, Float64, "double", "DoubleConverter");

impl Primitive for bool {
    const CLASS: &'static str = "org.apache.kafka.connect.converters.BooleanConverter";
    const NAME: &'static str = "boolean";
    const KIND: Type = Type::Boolean;
    const SIZE: usize = 1;

    fn write(value: &Value, out: &mut Vec<u8>) -> bool {
        let Value::Boolean(value) = value else {
            return false;
        };
        out.push(u8::from(*value));
        true
    }

    fn read(bytes: &[u8]) -> Result<Value> {
        match bytes {
            [0] => Ok(Value::Boolean(false)),
            [1] => Ok(Value::Boolean(true)),
            other => Err(Error::data(format!(
                "Failed to deserialize boolean: unexpected byte {other:02x?}, neither 0 nor 1"
            ))),
        }
    }
}

struct PrimitiveConverter<T> {
    schema: SchemaRef,
    primitive: PhantomData<fn() -> T>,
}

impl<T: Primitive> PrimitiveConverter<T> {
    fn new() -> Self {
        Self {
            schema: Schema::optional(T::KIND),
            primitive: PhantomData,
        }
    }
}

impl<T: Primitive> Convert for PrimitiveConverter<T> {
    fn write(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Converted> {
        // Only BooleanConverter looks at the schema; for a null it makes a difference.
        if let Some(schema) = schema.filter(|schema| schema.kind() != T::KIND)
            && T::KIND == Type::Boolean
        {
            return Err(Error::data(format!(
                "Invalid schema type for BooleanConverter: {}",
                type_name(schema.kind())
            )));
        }
        if value.is_null() {
            return Ok(Converted::Null);
        }
        if T::write(value, out) {
            return Ok(Converted::Bytes);
        }
        Err(Error::data(format!(
            "Failed to serialize to {} (was {})",
            T::NAME,
            value.kind().map(type_name).unwrap_or_default()
        )))
    }

    fn read(&mut self, bytes: Option<&Bytes>) -> Result<(Option<SchemaRef>, Value)> {
        let value = match bytes {
            None => Value::Null,
            Some(bytes) if bytes.len() == T::SIZE => T::read(bytes)?,
            Some(bytes) => {
                return Err(Error::data(format!(
                    "Failed to deserialize {}: size of data is {} and not {}",
                    T::NAME,
                    bytes.len(),
                    T::SIZE
                )));
            }
        };
        Ok((Some(self.schema.clone()), value))
    }
}
