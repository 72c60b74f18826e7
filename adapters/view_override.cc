#include "adapters/view_override.h"

#include <algorithm>
#include <cctype>

namespace authledger {
namespace {

bool has_column(JsonView value, std::string_view name) {
  for (JsonView child : value) {
    if (child.name() == "column") {
      for (JsonView column : child) {
        if (column["name"].text() == name) return true;
      }
    }
    if (has_column(child, name)) return true;
  }
  return false;
}

void write_column(JsonWriter& writer, JsonView column, const ColumnOverride* change) {
  writer.begin_object();
  for (JsonView member : column) {
    if (change && member.name() == "path") {
      writer.member("path", change->path);
    } else {
      writer.key(member.name()).value(member);
    }
  }
  writer.end_object();
}

class Rewriter {
 public:
  Rewriter(JsonView definition, const std::vector<ColumnOverride>& overrides) {
    for (const ColumnOverride& override_ : overrides) {
      (has_column(definition, override_.column) ? changes_ : additions_).push_back(&override_);
    }
  }

  void write(JsonView value) {
    if (value.is_array()) {
      writer_.begin_array();
      for (JsonView element : value) write(element);
      writer_.end_array();
    } else if (value.is_object()) {
      writer_.begin_object();
      for (JsonView member : value) {
        writer_.key(member.name());
        if (member.name() == "column") {
          write_columns(member);
        } else {
          write(member);
        }
      }
      writer_.end_object();
    } else {
      writer_.value(value);
    }
  }

  std::string take() { return writer_.take(); }

 private:
  void write_columns(JsonView columns) {
    writer_.begin_array();
    for (JsonView column : columns) {
      const auto change = std::find_if(changes_.begin(), changes_.end(), [&](const ColumnOverride* override_) {
        return override_->column == column["name"].text();
      });
      write_column(writer_, column, change == changes_.end() ? nullptr : *change);
    }
    for (const ColumnOverride* addition : additions_) {
      writer_.begin_object().member("name", addition->column).member("path", addition->path).end_object();
    }
    additions_.clear();
    writer_.end_array();
  }

  JsonWriter writer_;
  std::vector<const ColumnOverride*> changes_, additions_;
};

void collect_for_each(JsonView value, std::vector<std::string>& paths) {
  for (JsonView child : value) {
    if (child.name() == "forEach" || child.name() == "forEachOrNull") paths.push_back(child.string());
    collect_for_each(child, paths);
  }
}

void collect_columns(JsonView value, bool is_below, std::set<std::string>& columns) {
  is_below = is_below || value["forEach"].exists() || value["forEachOrNull"].exists();
  for (JsonView column : value["column"]) {
    if (is_below) columns.insert(column["name"].string());
  }
  for (JsonView child : value) collect_columns(child, is_below, columns);
}

}  // namespace

std::string override_columns(JsonView definition, const std::vector<ColumnOverride>& overrides) {
  Rewriter rewriter(definition, overrides);
  rewriter.write(definition);
  return rewriter.take();
}

SingleForEach single_for_each(JsonView definition) {
  std::vector<std::string> paths;
  collect_for_each(definition, paths);
  if (paths.size() != 1) return {};
  const bool plain = std::all_of(paths[0].begin(), paths[0].end(),
                                 [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; });
  if (!plain) return {};
  SingleForEach found{paths[0], {}};
  collect_columns(definition, false, found.columns);
  return found;
}

}  // namespace authledger
