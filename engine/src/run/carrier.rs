use super::control::TrustDomain;
use super::host::StepContext;
use super::item::Item;
use crate::matrix::{Setting, SettingValue};
use crate::registry::Plugin;
use crate::{Error, ErrorKind, Result};
use formwork_abi::{self as abi, Limits, Text};
use std::time::SystemTime;

/// Which of a plugin's functions is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Tell what the input is.
    Probe,
    /// Do the step.
    Run,
}

/// What a plugin is asked to do at one go, in the engine's terms.
#[derive(Debug)]
pub struct StepRequest<'r> {
    /// Id of the format to write; empty when the operation writes what it finds.
    pub target: &'r str,
    /// Operations in order, each with its settings.
    pub operations: &'r [(&'r str, &'r [Setting])],
    /// The inputs.
    pub inputs: &'r [Item],
    /// The limits.
    pub limits: Limits,
}

/// Where a step runs: in this process, or in a worker that can be killed.
pub trait Carrier: Send + Sync + std::fmt::Debug {
    /// The isolation level it really gives: 0 in-process, 1 worker with resource limits, 2 locked down,
    /// 3 with namespaces of its own.
    fn level(&self, plugin: &Plugin) -> u8;

    /// Gets an input ready that several calls will read, as by moving it to where workers reach it.
    ///
    /// # Errors
    ///
    /// `io`.
    fn adopt(&self, item: &mut Item) -> Result<()> {
        let _ = item;
        Ok(())
    }

    /// Whatever is kept for the next step of this domain can go.
    fn domain_ended(&self, domain: TrustDomain) {
        let _ = domain;
    }

    /// Ends everything that is kept for later calls.
    fn rest(&self) {}

    /// Makes one call and returns when it ended. What the plugin said and wrote is in `context`.
    ///
    /// # Errors
    ///
    /// What the plugin recorded; `plugin_fault` when it failed without a reason.
    fn call(
        &self,
        plugin: &Plugin,
        call: Call,
        request: &StepRequest<'_>,
        context: &StepContext<'_>,
    ) -> Result<()>;
}

/// Runs steps in this process. Fast, and as safe as the plugin's code: a crash there is a crash here,
/// and a plugin that ignores cancel cannot be stopped.
#[derive(Debug, Default)]
pub struct InProcess;

impl Carrier for InProcess {
    fn level(&self, _: &Plugin) -> u8 {
        0
    }

    fn call(
        &self,
        plugin: &Plugin,
        call: Call,
        request: &StepRequest<'_>,
        context: &StepContext<'_>,
    ) -> Result<()> {
        let library = plugin.library()?;
        let options: Vec<Vec<abi::OptionValue>> = request
            .operations
            .iter()
            .map(|(_, settings)| settings.iter().map(option_value).collect())
            .collect();
        let operations: Vec<abi::Operation> = request
            .operations
            .iter()
            .zip(&options)
            .map(|((name, _), options)| abi::Operation {
                size: size_of::<abi::Operation>() as u32,
                reserved: 0,
                name: Text::new(name),
                options: options.as_ptr(),
                options_length: options.len(),
            })
            .collect();
        let inputs: Vec<abi::Input> = request.inputs.iter().map(raw_input).collect();
        let step = abi::Step {
            size: size_of::<abi::Step>() as u32,
            reserved: 0,
            target: Text::new(request.target),
            operations: operations.as_ptr(),
            operations_length: operations.len(),
            inputs: inputs.as_ptr(),
            inputs_length: inputs.len(),
            limits: &request.limits,
        };
        let host = context.host();
        let status = match call {
            Call::Probe => library.probe(&step, &host),
            Call::Run => library.run(&step, &host),
        };
        ended(plugin, status, context)
    }
}

/// What a plugin's status means: success, or the failure it recorded.
pub(crate) fn ended(plugin: &Plugin, status: i32, context: &StepContext<'_>) -> Result<()> {
    match (status, context.take_failure()) {
        (abi::STATUS_OK, _) => Ok(()),
        (_, Some(error)) => Err(error),
        (status, None) => Err(Error::new(
            ErrorKind::PluginFault,
            format!("the plugin {} failed with status {status} and gave no reason", plugin.id()),
        )),
    }
}

fn option_value(setting: &Setting) -> abi::OptionValue {
    let mut value = abi::OptionValue {
        name: Text::new(&setting.name),
        kind: abi::KIND_TEXT,
        reserved: 0,
        integer: 0,
        number: 0.0,
        text: Text::EMPTY,
    };
    match &setting.value {
        SettingValue::Boolean(flag) => (value.kind, value.integer) = (abi::KIND_BOOLEAN, i64::from(*flag)),
        SettingValue::Integer(integer) => (value.kind, value.integer) = (abi::KIND_INTEGER, *integer),
        SettingValue::Number(number) => (value.kind, value.number) = (abi::KIND_NUMBER, *number),
        SettingValue::Text(text) => value.text = Text::new(text),
    }
    value
}

/// An item as the contract has it; borrows name and memory.
pub(crate) fn raw_input(item: &Item) -> abi::Input {
    abi::Input {
        size: size_of::<abi::Input>() as u32,
        kind: item.kind(),
        name: Text::new(&item.name),
        format: Text::new(item.format.map_or("", |format| format.id)),
        length: item.length(),
        modified: nanoseconds(item.modified),
        mode: item.mode,
        reserved: 0,
        memory: item.memory().map_or(std::ptr::null(), <[u8]>::as_ptr),
    }
}

/// A time as the contract has it.
pub(crate) fn nanoseconds(time: Option<SystemTime>) -> i64 {
    let Some(time) = time else { return abi::TIME_UNKNOWN };
    let signed = |nanoseconds: u128| i64::try_from(nanoseconds).unwrap_or(abi::TIME_UNKNOWN);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => signed(after.as_nanos()),
        Err(before) => signed(before.duration().as_nanos()).saturating_neg(),
    }
}
