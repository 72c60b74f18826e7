#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "fhir/view/view_program.h"

// Source: SQL on FHIR v2, StructureDefinition-ViewDefinition and its constraints.

namespace authledger {
namespace {

bool is_column_name(std::string_view name) {
  if (name.empty() || name.size() > 128) return false;
  auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (!is_letter(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_integer_text(std::string_view text) {
  auto number = parse_decimal(text);
  return number && to_integer(*number);
}

class ViewCompiler {
 public:
  // Compiles everything that can be, so that all mistakes are reported at once.
  void compile(JsonView definition, std::string& resource_type, std::vector<ViewConstant>& constants,
               std::vector<ViewTest>& where, ViewSelect& root, std::vector<ViewColumn>& columns) {
    if (!definition.is_object()) return report("ViewDefinition", "expected an object");
    check_members(definition, "ViewDefinition",
                  {"resourceType", "id",        "meta",      "implicitRules",     "language",
                   "text",         "contained", "extension", "modifierExtension", "url",
                   "identifier",   "name",      "title",     "version",           "status",
                   "experimental", "date",      "publisher", "contact",           "description",
                   "useContext",   "copyright", "resource",  "profile",           "fhirVersion",
                   "constant",     "select",    "where"});
    resource_type = text(definition["resource"], "ViewDefinition.resource", true);
    if (!resource_type.empty() && Model::r4().find_type(resource_type) != kUnknownType)
      options_.context_type = options_.resource_type = resource_type;
    read_constants(definition["constant"], constants);
    size_t i = 0;
    for (JsonView test : list(definition["where"], "ViewDefinition.where")) {
      std::string path = fmt::format("ViewDefinition.where[{}]", i++);
      if (!test.is_object()) {
        report(path, "expected an object with `path`");
        continue;
      }
      if (auto expression = compile_path(test["path"], path + ".path", options_.context_type))
        add_where(std::move(*expression), path, where);
    }
    if (!definition["select"].is_array() || definition["select"].size() == 0) {
      return report("ViewDefinition.select", "needs at least one select");
    }
    selects(definition["select"], "ViewDefinition.select", options_.context_type, 0, root, columns);
    root.column_count = columns.size();
    std::vector<std::string> names;
    for (const ViewColumn& column : columns) {
      if (std::find(names.begin(), names.end(), column.name) != names.end()) {
        report("ViewDefinition.select", fmt::format("two columns are called {}", column.name));
      }
      names.push_back(column.name);
    }
    if (columns.size() > kViewColumnsMax)
      report("ViewDefinition.select", fmt::format("more than {} columns", kViewColumnsMax));
  }
  explicit ViewCompiler(bool is_strict) { options_.is_strict = is_strict; }
  Issues& issues() { return issues_; }
  bool has_row_index() const { return has_row_index_; }

 private:
  void report(std::string path, std::string message) {
    issues_.push_back({Severity::error, std::move(path), std::move(message)});
  }

  std::string text(JsonView value, const std::string& path, bool is_required) {
    if (!value.exists() || value.is_null()) {
      if (is_required) report(path, "is missing");
      return "";
    }
    if (!value.is_string() || value.text().empty()) {
      report(path, "expected a text");
      return "";
    }
    return value.string();
  }

  std::vector<JsonView> list(JsonView value, const std::string& path) {
    std::vector<JsonView> result;
    if (!value.exists() || value.is_null()) return result;
    if (!value.is_array()) {
      report(path, "expected a list");
      return result;
    }
    for (JsonView element : value) result.push_back(element);
    return result;
  }

  void check_members(JsonView object, const std::string& path, const std::vector<std::string>& known) {
    for (JsonView member : object) {
      std::string name(member.name());
      if (name.starts_with('_') || std::find(known.begin(), known.end(), name) != known.end()) continue;
      std::string nearest = nearest_word(name, known);
      // Notes and extensions of other tools do no harm; a slip of a known word does.
      if (!nearest.empty()) report(path + "." + name, fmt::format("is not known; did you mean {}?", nearest));
    }
  }

  std::optional<PathExpression> compile_path(JsonView value, const std::string& path, const std::string& context_type) {
    std::string expression_text = text(value, path, true);
    if (expression_text.empty()) return std::nullopt;
    PathOptions options = options_;
    options.context_type = context_type;
    has_row_index_ = has_row_index_ || expression_text.find("rowIndex") != std::string::npos;
    auto expression = PathExpression::compile(expression_text, options);
    if (!expression) {
      report(path, to_string(expression.error()));
      return std::nullopt;
    }
    return std::move(*expression);
  }

  void add_where(PathExpression expression, const std::string& path, std::vector<ViewTest>& where) {
    std::string type = expression.result_type();
    if (!type.empty() && type != "boolean")
      report(path + ".path",
             fmt::format("gives {}; write a test that is true or false, such as {}.exists()", type, expression.text()));
    where.push_back({std::move(expression), path});
  }

  void read_constants(JsonView constants, std::vector<ViewConstant>& out) {
    size_t i = 0;
    for (JsonView definition : list(constants, "ViewDefinition.constant")) {
      std::string path = fmt::format("ViewDefinition.constant[{}]", i++);
      if (!definition.is_object()) {
        report(path, "expected an object");
        continue;
      }
      ViewConstant constant;
      constant.name = text(definition["name"], path + ".name", true);
      if (!constant.name.empty() && !is_column_name(constant.name))
        report(path + ".name", "must start with a letter and hold letters, digits and _");
      size_t values = 0;
      for (JsonView member : definition) {
        if (!member.name().starts_with("value")) continue;
        ++values;
        // R4 does not know integer64, which ViewDefinition takes from R5, where JSON holds it as text.
        bool is_integer64 = member.name() == "valueInteger64";
        constant.type =
            is_integer64 ? Model::r4().find_type("integer") : Model::r4().find_json_suffix(member.name().substr(5));
        bool is_primitive =
            constant.type != kUnknownType && Model::r4().type(constant.type).kind == TypeKind::primitive;
        bool is_scalar = member.is_string() || member.is_number() || member.is_boolean();
        if (!is_primitive || !is_scalar) {
          report(path + "." + std::string(member.name()), "is no constant of a primitive type");
          continue;
        }
        constant.kind =
            is_integer64 ? ValueKind::long_integer : element_value(member.node(), nullptr, constant.type).kind;
        if (is_integer64 && !is_integer_text(member.text())) report(path + ".valueInteger64", "is no whole number");
        constant.text = member.string();
      }
      if (values != 1) report(path, fmt::format("needs exactly one value[x], has {}", values));
      options_.variables.push_back(constant.name);
      out.push_back(std::move(constant));
    }
    options_.variables.emplace_back("rowIndex");
  }

  void selects(JsonView definitions, const std::string& path, const std::string& context_type, int depth,
               ViewSelect& owner, std::vector<ViewColumn>& columns) {
    size_t i = 0;
    for (JsonView definition : list(definitions, path)) {
      ViewSelect child = select(definition, fmt::format("{}[{}]", path, i++), context_type, depth, columns);
      if (child.iteration != ViewIteration::none || !child.unions.empty()) {
        owner.selects.push_back(std::move(child));
        continue;
      }
      // One row for one row: the child's columns are the owner's.
      std::move(child.columns.begin(), child.columns.end(), std::back_inserter(owner.columns));
      std::move(child.selects.begin(), child.selects.end(), std::back_inserter(owner.selects));
    }
  }

  ViewSelect select(JsonView definition, const std::string& path, std::string context_type, int depth,
                    std::vector<ViewColumn>& columns) {
    ViewSelect result;
    result.element_path = path;
    result.first_column = columns.size();
    if (!definition.is_object()) {
      report(path, "expected an object");
      return result;
    }
    if (depth > kViewNestingMax) {
      report(path, fmt::format("selects are nested deeper than {}", kViewNestingMax));
      return result;
    }
    check_members(
        definition, path,
        {"id", "extension", "modifierExtension", "column", "select", "forEach", "forEachOrNull", "repeat", "unionAll"});
    iteration(definition, path, context_type, result);
    size_t i = 0;
    for (JsonView column_definition : list(definition["column"], path + ".column")) {
      column(column_definition, fmt::format("{}.column[{}]", path, i++), context_type, result, columns);
    }
    selects(definition["select"], path + ".select", context_type, depth + 1, result, columns);
    unions(definition["unionAll"], path + ".unionAll", context_type, depth + 1, result, columns);
    result.column_count = columns.size() - result.first_column;
    if (!definition["column"].exists() && !definition["select"].exists() && !definition["unionAll"].exists()) {
      report(path, "has neither column, select nor unionAll");
    }
    return result;
  }

  void iteration(JsonView definition, const std::string& path, std::string& context_type, ViewSelect& result) {
    size_t count = 0;
    for (const auto& [name, kind] :
         {std::pair{"forEach", ViewIteration::for_each}, std::pair{"forEachOrNull", ViewIteration::for_each_or_null},
          std::pair{"repeat", ViewIteration::repeat}}) {
      JsonView member = definition[name];
      if (!member.exists() || member.is_null()) continue;
      ++count;
      result.iteration = kind;
      std::string member_path = path + "." + name;
      if (kind != ViewIteration::repeat) {
        if (auto expression = compile_path(member, member_path, context_type))
          result.iterated.push_back(std::move(*expression));
        continue;
      }
      if (!member.is_array() || member.size() == 0) {
        report(member_path, "expected a list of paths");
        continue;
      }
      size_t i = 0;
      for (JsonView one : member) {
        // What repeats starts from the input and from its own results: its type is not known beforehand.
        if (auto expression = compile_path(one, fmt::format("{}[{}]", member_path, i++), ""))
          result.iterated.push_back(std::move(*expression));
      }
    }
    if (count > 1) report(path, "takes only one of forEach, forEachOrNull and repeat");
    if (result.iteration == ViewIteration::repeat)
      context_type.clear();
    else if (!result.iterated.empty())
      context_type = result.iterated[0].result_type();
  }

  void column(JsonView definition, const std::string& path, const std::string& context_type, ViewSelect& owner,
              std::vector<ViewColumn>& columns) {
    if (!definition.is_object()) return report(path, "expected an object");
    check_members(definition, path,
                  {"id", "extension", "modifierExtension", "path", "name", "description", "collection", "type", "tag"});
    ViewColumn column_out;
    column_out.name = text(definition["name"], path + ".name", true);
    if (!column_out.name.empty() && !is_column_name(column_out.name)) {
      report(path + ".name", "must start with a letter and hold letters, digits and _");
    }
    column_out.type = text(definition["type"], path + ".type", false);
    JsonView collection = definition["collection"];
    if (collection.exists() && !collection.is_null() && !collection.is_boolean())
      report(path + ".collection", "expected true or false");
    column_out.collection = collection.boolean();
    column_out.path = definition["path"].string();
    auto expression = compile_path(definition["path"], path + ".path", context_type);
    if (expression)
      owner.columns.push_back({std::move(*expression), columns.size(), column_out.collection, path, column_out.name});
    columns.push_back(std::move(column_out));
  }

  // Every branch gives the same columns, in the same order; they share their positions.
  void unions(JsonView definitions, const std::string& path, const std::string& context_type, int depth,
              ViewSelect& owner, std::vector<ViewColumn>& columns) {
    size_t first = columns.size();
    std::vector<ViewColumn> shape;
    size_t i = 0;
    for (JsonView definition : list(definitions, path)) {
      std::string branch_path = fmt::format("{}[{}]", path, i);
      std::vector<ViewColumn> branch_columns(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(first));
      owner.unions.push_back(select(definition, branch_path, context_type, depth, branch_columns));
      branch_columns.erase(branch_columns.begin(), branch_columns.begin() + static_cast<std::ptrdiff_t>(first));
      if (i++ == 0) {
        shape = std::move(branch_columns);
        continue;
      }
      bool is_same = shape.size() == branch_columns.size();
      for (size_t c = 0; is_same && c < shape.size(); ++c) {
        bool is_same_type =
            shape[c].type.empty() || branch_columns[c].type.empty() || shape[c].type == branch_columns[c].type;
        is_same = shape[c].name == branch_columns[c].name && is_same_type &&
                  shape[c].collection == branch_columns[c].collection;
      }
      if (!is_same) report(branch_path, "must have the columns of the first branch: same names, types and order");
    }
    columns.insert(columns.end(), shape.begin(), shape.end());
  }

  PathOptions options_;
  Issues issues_;
  bool has_row_index_ = false;
};

}  // namespace

Result<View, Issues> View::compile(JsonView definition, bool is_strict) {
  auto program = std::make_unique<Program>();
  ViewCompiler compiler(is_strict);
  compiler.compile(definition, program->resource_type, program->constants, program->where, program->root,
                   program->columns);
  if (!compiler.issues().empty()) return std::move(compiler.issues());
  program->has_row_index = compiler.has_row_index();
  return View(std::move(program));
}

}  // namespace authledger
