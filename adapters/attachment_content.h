#pragma once

#include <string>

namespace authledger {

// A resource's JSON without the content that its attachments carry inline: nothing behind the intake sees a letter, so
// that none can be kept. In place of each `data` stands its hash (base64 of the SHA-1 of the bytes), unless the
// attachment states one. The text as it is where it holds none, or is no JSON.
//
// Source: FHIR R4, Attachment.hash. Thread-safe.
std::string without_attachment_content(std::string text);

}  // namespace authledger
