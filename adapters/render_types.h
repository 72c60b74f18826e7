#pragma once

#include <string>

#include "adapters/render.h"
#include "adapters/render_members.h"

// What we write into each resource type. One file per type: render_flag.cc, render_task.cc, render_communication.cc,
// render_document.cc.

namespace authledger {

// What every resource of ours begins with: our tag in meta, and our identifier.
Members own_members(const NoticePlace& place, const std::string& identifier_value, const RenderContext& context,
                    JsonView current);

// Code and display of a kind in our code system.
struct NoticeCode {
  const char* code;
  const char* text;
};
NoticeCode code_of(NoticeKind kind);

Members new_flag(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context);
Members changed_flag(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                     JsonView current);
Members retired_flag(JsonView current, Instant now);

Members new_task(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context);
Members changed_task(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                     JsonView current);
Members retired_task(const std::string& close_reason);

// A message is completed once it is sent.
Members new_communication(const DesiredNotice& notice, const NoticePlace& place, const std::string& identifier_value,
                          const RenderContext& context);
Members changed_communication(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                              JsonView current);
Members retired_communication(const std::string& close_reason);

Members new_document(const DesiredNotice& notice, const NoticePlace& place, const std::string& identifier_value,
                     const RenderContext& context);
Members changed_document(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                         JsonView current);
Members retired_document(const std::string& close_reason);

}  // namespace authledger
