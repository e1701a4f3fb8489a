//! A call, packed for a worker and unpacked there.

use super::frame::{self, Fields, Packer};
use crate::matrix::SettingValue;
use crate::run::{Call, Item, StepRequest};
use formwork_abi::{self as abi, Limits, Text};

/// Most inputs or operations of one call.
const MOST_PARTS: u32 = 4_000_000;

/// Packs a call. The contents of inputs are not in it. `in_memory` is how long an output in memory may get; `keeps` says
/// whether pieces of the work are kept.
pub(crate) fn pack(call: Call, request: &StepRequest<'_>, in_memory: u64, keeps: bool) -> Vec<u8> {
    let limits = &request.limits;
    let mut packer = Packer::new(frame::CALL).u8(u8::from(call == Call::Run)).text(request.target);
    packer = packer.u64(in_memory).u8(keeps.into()).u32(limits.threads);
    for limit in numbers(limits) {
        packer = packer.u64(*limit);
    }
    packer = packer.u32(request.operations.len() as u32);
    for (name, settings) in request.operations {
        packer = packer.text(name).u32(settings.len() as u32);
        for setting in *settings {
            packer = packer.text(&setting.name);
            packer = match &setting.value {
                SettingValue::Boolean(flag) => packer.u32(abi::KIND_BOOLEAN).i64((*flag).into()),
                SettingValue::Integer(integer) => packer.u32(abi::KIND_INTEGER).i64(*integer),
                SettingValue::Number(number) => packer.u32(abi::KIND_NUMBER).u64(number.to_bits()),
                SettingValue::Text(text) => packer.u32(abi::KIND_TEXT).text(text),
            };
        }
    }
    packer = packer.u32(request.inputs.len() as u32);
    for item in request.inputs {
        packer = pack_input(packer, item);
    }
    packer.finish()
}

fn pack_input(packer: Packer, item: &Item) -> Packer {
    let raw = crate::run::raw_input(item);
    // Links are texts of a few bytes; files come as descriptors.
    let inline = if item.is_file() { &[] } else { item.memory().unwrap_or_default() };
    let format = item.format.map_or("", |format| format.id);
    let packer = packer.text(&item.name).text(format).u32(raw.kind).u64(raw.length);
    packer.i64(raw.modified).u32(raw.mode).bytes(inline)
}

fn numbers(limits: &Limits) -> [&u64; 11] {
    let Limits {
        memory,
        pixels,
        side,
        frames,
        metadata,
        output,
        entries,
        ratio,
        ratio_floor,
        depth,
        name,
        ..
    } = limits;
    [memory, pixels, side, frames, metadata, output, entries, ratio, ratio_floor, depth, name]
}

/// A value of an option.
#[derive(Debug, PartialEq)]
pub(super) enum OptionValue {
    /// Boolean or integer, with its kind.
    Whole(u32, i64),
    Number(f64),
    Text(String),
}

/// An input as the worker knows it.
#[derive(Debug, PartialEq)]
pub(super) struct InputHead {
    pub(super) name: String,
    pub(super) format: String,
    pub(super) kind: u32,
    pub(super) length: u64,
    pub(super) modified: i64,
    pub(super) mode: u32,
    pub(super) inline: Vec<u8>,
}

/// A call, unpacked.
#[derive(Debug, PartialEq)]
pub(super) struct Unpacked {
    pub(super) call: Call,
    pub(super) target: String,
    pub(super) in_memory: u64,
    pub(super) keeps: bool,
    pub(super) limits: Limits,
    pub(super) operations: Vec<(String, Vec<(String, OptionValue)>)>,
    pub(super) inputs: Vec<InputHead>,
}

/// Unpacks a call; `None` when it is broken.
pub(super) fn unpack(mut fields: Fields<'_>) -> Option<Unpacked> {
    let call = if fields.u8()? == 1 { Call::Run } else { Call::Probe };
    let target = fields.text()?.to_owned();
    let in_memory = fields.u64()?;
    let keeps = fields.u8()? == 1;
    let mut limits = Limits { threads: fields.u32()?, ..Limits::default() };
    let Limits {
        memory,
        pixels,
        side,
        frames,
        metadata,
        output,
        entries,
        ratio,
        ratio_floor,
        depth,
        name,
        ..
    } = &mut limits;
    for limit in [memory, pixels, side, frames, metadata, output, entries, ratio, ratio_floor, depth, name] {
        *limit = fields.u64()?;
    }
    let mut operations = Vec::new();
    for _ in 0..fields.u32().filter(|count| *count <= MOST_PARTS)? {
        let name = fields.text()?.to_owned();
        let mut settings = Vec::new();
        for _ in 0..fields.u32().filter(|count| *count <= MOST_PARTS)? {
            settings.push((fields.text()?.to_owned(), unpack_value(&mut fields)?));
        }
        operations.push((name, settings));
    }
    let mut inputs = Vec::new();
    for _ in 0..fields.u32().filter(|count| *count <= MOST_PARTS)? {
        inputs.push(InputHead {
            name: fields.text()?.to_owned(),
            format: fields.text()?.to_owned(),
            kind: fields.u32()?,
            length: fields.u64()?,
            modified: fields.i64()?,
            mode: fields.u32()?,
            inline: fields.bytes()?.to_vec(),
        });
    }
    Some(Unpacked { call, target, in_memory, keeps, limits, operations, inputs })
}

fn unpack_value(fields: &mut Fields<'_>) -> Option<OptionValue> {
    Some(match fields.u32()? {
        abi::KIND_NUMBER => OptionValue::Number(f64::from_bits(fields.u64()?)),
        abi::KIND_TEXT => OptionValue::Text(fields.text()?.to_owned()),
        kind => OptionValue::Whole(kind, fields.i64()?),
    })
}

impl OptionValue {
    /// The value as the contract has it; borrows the name and a text.
    pub(super) fn raw(&self, name: &str) -> abi::OptionValue {
        let empty = abi::OptionValue {
            name: Text::new(name),
            kind: abi::KIND_TEXT,
            reserved: 0,
            integer: 0,
            number: 0.0,
            text: Text::EMPTY,
        };
        match self {
            OptionValue::Whole(kind, integer) => abi::OptionValue { kind: *kind, integer: *integer, ..empty },
            OptionValue::Number(number) => {
                abi::OptionValue { kind: abi::KIND_NUMBER, number: *number, ..empty }
            }
            OptionValue::Text(text) => abi::OptionValue { text: Text::new(text), ..empty },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Setting;

    fn setting(name: &str, value: SettingValue) -> Setting {
        Setting { name: name.into(), value, secret: false }
    }

    #[test]
    fn calls_come_back() {
        let settings = [
            setting("quality", SettingValue::Integer(80)),
            setting("fit", SettingValue::Text("crop".into())),
            setting("scale", SettingValue::Number(1.5)),
        ];
        let inputs = [Item::from_bytes("a.png", vec![1, 2, 3])];
        let limits = Limits { threads: 2, memory: 77, name: 5, ..Limits::default() };
        let request =
            StepRequest { target: "jpg", operations: &[("convert", &settings)], inputs: &inputs, limits };
        let packed = pack(Call::Run, &request, 9, true);
        let (kind, fields) = Fields::of(&packed).unwrap();
        let unpacked = unpack(fields).unwrap();
        assert_eq!((kind, unpacked.call, unpacked.target.as_str()), (frame::CALL, Call::Run, "jpg"));
        assert_eq!((unpacked.in_memory, unpacked.keeps, unpacked.limits), (9, true, limits));
        assert_eq!(unpacked.operations[0].1[2], ("scale".to_owned(), OptionValue::Number(1.5)));
        assert_eq!((unpacked.inputs[0].name.as_str(), unpacked.inputs[0].length), ("a.png", 3));
        for length in 1..packed.len() {
            assert_eq!(unpack(Fields::of(&packed[..length]).unwrap().1), None, "cut at {length}");
        }
    }
}
