//! Puts protection on a document, and takes it off.

use crate::cipher;
use crate::graph::catalog_mut;
use crate::open::{open, open_bytes};
use crate::save::{Manner, save};
use formwork_sdk::{Error, Feature, Result, Step, json};
use lopdf::dictionary;

/// Encrypts with AES-256. Without `owner_password`, the owner's password is the user's; with it alone, everyone can
/// open the file, and the permissions hold for all who do not know it.
pub(crate) fn encrypt(step: &Step<'_>) -> Result<()> {
    let options = step.options();
    let (user, owner) = (options.text("password"), options.text("owner_password"));
    if user.is_none_or(str::is_empty) && owner.is_none_or(str::is_empty) {
        return Err(Error::invalid(
            "`pdf/encrypt` needs `password`, which opens the file, or `owner_password`, which lifts its restrictions",
        ));
    }
    let permissions = cipher::permissions(options.text("permissions").unwrap_or("all"))?;
    // The password given is the new one, not that of the input.
    let mut pdf = open_bytes(step, &step.input()?.bytes()?, None).map_err(|mut error| {
        if error.kind == formwork_sdk::ErrorKind::PasswordRequired {
            error.message =
                "the PDF is protected already: take its protection off with pdf/decrypt first".into();
        }
        error
    })?;
    pdf.tell(step);
    let user = user.unwrap_or("");
    let owner = owner.filter(|owner| !owner.is_empty()).unwrap_or(user);
    let encryption = Some(cipher::protection(user, owner, permissions)?);
    if let Some(catalog) = catalog_mut(&mut pdf.doc) {
        // How a file of version 1.7 says that it uses AES-256 of revision 6.
        let adobe = dictionary! { "BaseVersion" => "1.7", "ExtensionLevel" => 8 };
        catalog.set("Extensions", dictionary! { "ADBE" => adobe });
    }
    save(step, pdf.doc, &Manner { encryption, ..Manner::default() }, step.create_output()?)?;
    step.report(&json!({ "pages": pdf.pages.len(), "encryption": "AES-256" }));
    Ok(())
}

/// Writes the document without protection.
pub(crate) fn decrypt(step: &Step<'_>) -> Result<()> {
    let pdf = open(step, step.input()?)?;
    pdf.tell(step);
    if pdf.was_encrypted {
        step.lose(Feature::Encryption, "the protection was taken off, as asked for");
    } else {
        step.warn("the PDF was not protected");
    }
    save(step, pdf.doc, &Manner::default(), step.create_output()?)?;
    step.report(&json!({ "pages": pdf.pages.len() }));
    Ok(())
}
