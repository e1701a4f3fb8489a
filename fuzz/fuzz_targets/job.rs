//! Jobs in JSON: any job that is accepted has an order that covers all its tasks.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some(Ok(job)) = formwork_fuzz::json(data).map(|json| formwork::job::Job::from_json(&json)) {
        assert_eq!(job.in_order().count(), job.tasks.len());
    }
});
