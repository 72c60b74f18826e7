#pragma once

#include <string>

#include "adapters/render.h"
#include "adapters/render_members.h"

// What we write into each resource type. One file per type: render_flag.cc, render_task.cc,
// render_communication.cc.

namespace authledger {

// "<base>/flag", "<base>/task" or "<base>/communication".
std::string identifier_system_of(NoticeKind kind, const std::string& identifier_system);

Members new_flag(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context);
Members changed_flag(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                     JsonView current);
Members retired_flag(JsonView current, Instant now);

Members new_task(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context);
Members changed_task(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                     JsonView current);
Members retired_task(const std::string& close_reason);

Members new_communication(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context);
Members changed_communication(const DesiredNotice& notice, const std::string& notice_key, const RenderContext& context,
                              JsonView current);
Members retired_communication(const std::string& close_reason);

}  // namespace authledger
