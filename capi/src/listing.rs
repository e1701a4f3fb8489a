//! What there is: formats, capabilities, options, plugins.

use crate::engine::{Engine, alive};
use crate::error::Error;
use crate::guard::{
    fill_struct, guard, hand_over, hand_over_text, held, optional_text, owned_text, place, published_up_to,
    read_struct, text,
};
use crate::status::Status;
use formwork::matrix::format_json;
use formwork::plan::{self, Request as Asked, Wishes};
use serde_json::{Map, Value, json};
use std::ffi::{CString, c_char};

/// Stores at `formats` a JSON array of all formats, which the caller ends with `formwork_text_destroy`: `id`, `name`,
/// `family`, `extensions`, `aliases`, `mime`, whether it can be `read` and whether it can be `write`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_formats(
    engine: *mut Engine,
    formats: *mut *mut c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(formats, "formats")?;
        let rows = alive(engine)?.engine.matrix().formats();
        let rows: Vec<Value> = rows.into_iter().map(format_json).collect();
        hand_over_text(formats, &Value::from(rows).to_string());
        Ok(Status::Ok)
    })
}

/// Stores at `targets` a JSON array of the ids of all formats that `from` can be converted to on this machine, which the
/// caller ends with `formwork_text_destroy`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_targets(
    engine: *mut Engine,
    from: *const c_char,
    targets: *mut *mut c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(targets, "targets")?;
        let engine = &alive(engine)?.engine;
        let from = engine.registry().require_format(text(from, "from")?)?;
        let ids: Vec<&str> = engine.matrix().targets(from.id, plan::MAX_HOPS, true).into_iter().collect();
        hand_over_text(targets, &Value::from(ids).to_string());
        Ok(Status::Ok)
    })
}

/// Stores at `matrix` a JSON object whose `cells` are all capabilities of all plugins, which the caller ends with
/// `formwork_text_destroy`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_matrix(
    engine: *mut Engine,
    matrix: *mut *mut c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(matrix, "matrix")?;
        let cells: Vec<Value> = alive(engine)?.engine.matrix().cells().map(|cell| cell.to_json()).collect();
        hand_over_text(matrix, &json!({ "cells": cells }).to_string());
        Ok(Status::Ok)
    })
}

/// Stores at `options` a JSON array of the options an operation has between two formats, with ranges and defaults, which
/// the caller ends with `formwork_text_destroy`. `operation` may be NULL for `convert`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_options(
    engine: *mut Engine,
    operation: *const c_char,
    from: *const c_char,
    to: *const c_char,
    options: *mut *mut c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(options, "options")?;
        let registry = alive(engine)?.engine.registry();
        let asked = Asked {
            operation: optional_text(operation, "operation")?.unwrap_or("convert").to_owned(),
            from: registry.require_format(text(from, "from")?)?,
            to: Some(registry.require_format(text(to, "to")?)?),
            options: Map::new(),
            bytes: 0,
            features: None,
            accompanied: false,
            wishes: Wishes::default(),
        };
        let list = serde_json::to_value(plan::options(registry, &asked)?).unwrap_or(Value::Null);
        hand_over_text(options, &list.to_string());
        Ok(Status::Ok)
    })
}

/// Stores at `plugins` a JSON object with `plugins`, each with `id`, `version`, `licence`, `path` and `libraries`, and
/// `refused`, plugin files that are not used, each with `path` and `reason`. The caller ends it with
/// `formwork_text_destroy`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_plugins(
    engine: *mut Engine,
    plugins: *mut *mut c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(plugins, "plugins")?;
        let all = alive(engine)?.engine.registry().to_json();
        hand_over_text(plugins, &all.to_string());
        Ok(Status::Ok)
    })
}

/// Goes through all formats. Owned by the caller, who destroys it; one thread at a time.
pub struct FormatIterator {
    rows: std::vec::IntoIter<Row>,
    /// The row that was handed out last.
    last: Option<Row>,
}

struct Row {
    texts: [CString; 5],
    read: bool,
    write: bool,
}

/// A format. Texts live until the iterator goes on or is destroyed.
#[repr(C)]
pub struct FormatRow {
    /// Size of this struct in bytes; set it before each call.
    pub struct_size: usize,
    /// Its id, as `png`.
    pub id: *const c_char,
    /// Its name for people.
    pub name: *const c_char,
    /// `image`, `audio`, `video`, `document` or `archive`.
    pub family: *const c_char,
    /// Its usual extension, without a dot; empty when it has none.
    pub extension: *const c_char,
    /// Its media type, as `image/png`; empty when it has none.
    pub media_type: *const c_char,
    /// 1 when it can be converted from, else 0.
    pub can_read: i32,
    /// 1 when it can be converted to, else 0.
    pub can_write: i32,
}

published_up_to!(FormatRow, can_write);

/// Stores at `iterator` one that goes through all formats.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_formats_begin(
    engine: *mut Engine,
    iterator: *mut *mut FormatIterator,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(iterator, "iterator")?;
        let rows = alive(engine)?.engine.matrix().formats().into_iter().map(|(format, read, write)| {
            let first = |list: &[&'static str]| list.first().copied().unwrap_or_default();
            let extension = first(format.extensions);
            let texts = [format.id, format.name, format.family.word(), extension, first(format.mime)];
            Row { texts: texts.map(owned_text), read, write }
        });
        let rows: Vec<Row> = rows.collect();
        hand_over(iterator, FormatIterator { rows: rows.into_iter(), last: None });
        Ok(Status::Ok)
    })
}

/// Fills `row` with the next format; `FORMWORK_STATUS_END` after the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_format_iterator_next(
    iterator: *mut FormatIterator,
    row: *mut FormatRow,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        held(iterator, "iterator")?;
        let struct_size = read_struct(row, "row")?.struct_size;
        // SAFETY: not NULL, alive, and used by one thread at a time.
        let iterator = unsafe { &mut *iterator };
        iterator.last = iterator.rows.next();
        let Some(Row { texts: [id, name, family, extension, media_type], read, write }) = &iterator.last
        else {
            return Ok(Status::End);
        };
        let filled = FormatRow {
            struct_size,
            id: id.as_ptr(),
            name: name.as_ptr(),
            family: family.as_ptr(),
            extension: extension.as_ptr(),
            media_type: media_type.as_ptr(),
            can_read: i32::from(*read),
            can_write: i32::from(*write),
        };
        fill_struct(row, struct_size, &filled);
        Ok(Status::Ok)
    })
}

/// Destroys an iterator; NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_format_iterator_destroy(iterator: *mut FormatIterator) {
    crate::guard::destroy(iterator);
}
