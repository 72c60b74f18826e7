#include "fhir/path/parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "fhir/path/lexer.h"

namespace authledger {
namespace {

struct BinaryOperator {
  std::string_view text;
  PathOp op;
  int precedence;  // Higher binds closer.
};

constexpr int kTypePrecedence = 8;
constexpr BinaryOperator kOperators[] = {
    {"*", PathOp::multiply, 10},
    {"/", PathOp::divide, 10},
    {"div", PathOp::divide_whole, 10},
    {"mod", PathOp::remainder, 10},
    {"+", PathOp::add, 9},
    {"-", PathOp::subtract, 9},
    {"&", PathOp::concatenate, 9},
    {"is", PathOp::is_type, kTypePrecedence},
    {"as", PathOp::as_type, kTypePrecedence},
    {"|", PathOp::union_of, 7},
    {"<=", PathOp::less_equal, 6},
    {"<", PathOp::less, 6},
    {">=", PathOp::greater_equal, 6},
    {">", PathOp::greater, 6},
    {"=", PathOp::equal, 5},
    {"~", PathOp::equivalent, 5},
    {"!=", PathOp::not_equal, 5},
    {"!~", PathOp::not_equivalent, 5},
    {"in", PathOp::in, 4},
    {"contains", PathOp::contains, 4},
    {"and", PathOp::logical_and, 3},
    {"or", PathOp::logical_or, 2},
    {"xor", PathOp::logical_xor, 2},
    {"implies", PathOp::implies, 1},
};

bool is_calendar_word(std::string_view word) {
  return calendar_unit(word).has_value();
}

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens) : tokens_(std::move(tokens)) { program_.text = text; }

  Result<PathProgram, PathError> parse() {
    NodeIndex root = kNoNode;
    if (!expression(0, root)) return error_;
    if (token().kind != TokenKind::end) {
      fail(token(), fmt::format("expected an operator or the end, found '{}'", shown(token())));
      return error_;
    }
    program_.root = root;
    return std::move(program_);
  }

 private:
  const Token& token(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  bool is_symbol(std::string_view text, size_t ahead = 0) const {
    return token(ahead).kind == TokenKind::symbol && token(ahead).text == text;
  }
  static std::string shown(const Token& token) {
    return token.kind == TokenKind::end ? "the end" : token.text.substr(0, 40);
  }
  bool fail(const Token& where, std::string message) {
    error_ = error_at(program_.text, where.offset, std::move(message));
    return false;
  }
  bool expect(std::string_view symbol) {
    if (!is_symbol(symbol)) return fail(token(), fmt::format("expected '{}', found '{}'", symbol, shown(token())));
    ++at_;
    return true;
  }

  bool add(PathNode node, NodeIndex& out) {
    uint32_t depth = 0;
    if (node.input != kNoNode) depth = program_.nodes[node.input].depth;
    for (NodeIndex argument : node.arguments) depth = std::max(depth, program_.nodes[argument].depth);
    node.depth = depth + 1;
    if (node.depth > kExpressionDepthMax) {
      error_ = error_at(program_.text, node.offset,
                        fmt::format("the expression is deeper than {} steps", kExpressionDepthMax));
      return false;
    }
    out = static_cast<NodeIndex>(program_.nodes.size());
    program_.nodes.push_back(std::move(node));
    return true;
  }

  // Precedence climbing; every binary operator is left-associative.
  bool expression(int precedence_min, NodeIndex& out) {
    if (++nesting_ > kExpressionNestingMax) {
      return fail(token(), fmt::format("nested deeper than {} levels", kExpressionNestingMax));
    }
    if (!unary(out)) return false;
    while (true) {
      const BinaryOperator* found = nullptr;
      if (token().kind == TokenKind::symbol || token().kind == TokenKind::identifier) {
        for (const BinaryOperator& candidate : kOperators) {
          if (candidate.text == token().text) found = &candidate;
        }
      }
      if (!found || found->precedence < precedence_min) break;
      PathNode node;
      node.op = found->op;
      node.offset = token().offset;
      node.input = out;
      ++at_;
      if (found->precedence == kTypePrecedence) {
        if (!type_name(node.type_name)) return false;
      } else {
        NodeIndex right = kNoNode;
        if (!expression(found->precedence + 1, right)) return false;
        node.arguments.push_back(right);
      }
      if (!add(std::move(node), out)) return false;
    }
    --nesting_;
    return true;
  }

  bool unary(NodeIndex& out) {
    if (!is_symbol("-") && !is_symbol("+")) return postfix(out);
    if (++nesting_ > kExpressionNestingMax) {
      return fail(token(), fmt::format("nested deeper than {} levels", kExpressionNestingMax));
    }
    PathNode node;
    node.op = is_symbol("-") ? PathOp::negate : PathOp::keep_sign;
    node.offset = token().offset;
    ++at_;
    if (!unary(node.input)) return false;
    --nesting_;
    return add(std::move(node), out);
  }

  bool postfix(NodeIndex& out) {
    if (!term(out)) return false;
    while (true) {
      if (is_symbol(".")) {
        ++at_;
        if (!invocation(out, out)) return false;
      } else if (is_symbol("[")) {
        PathNode node;
        node.op = PathOp::indexer;
        node.offset = token().offset;
        node.input = out;
        ++at_;
        NodeIndex index = kNoNode;
        if (!expression(0, index) || !expect("]")) return false;
        node.arguments.push_back(index);
        if (!add(std::move(node), out)) return false;
      } else {
        return true;
      }
    }
  }

  bool invocation(NodeIndex input, NodeIndex& out) {
    const Token name = token();
    if (name.kind == TokenKind::dollar) return dollar(input, out);
    if (name.kind != TokenKind::identifier && name.kind != TokenKind::delimited_identifier) {
      return fail(name, fmt::format("expected an element or function name, found '{}'", shown(name)));
    }
    ++at_;
    PathNode node;
    node.offset = name.offset;
    node.input = input;
    node.text = name.text;
    if (name.kind == TokenKind::identifier && is_symbol("(")) return call(std::move(node), name, out);
    node.op = PathOp::member;
    node.json_sibling = "_" + name.text;
    return add(std::move(node), out);
  }

  bool dollar(NodeIndex input, NodeIndex& out) {
    const Token name = token();
    PathNode node;
    node.offset = name.offset;
    node.text = name.text;
    if (name.text == "this")
      node.op = PathOp::this_item;
    else if (name.text == "index")
      node.op = PathOp::index;
    else if (name.text == "total")
      node.op = PathOp::total;
    else
      return fail(name, fmt::format("${} is not known; known are $this, $index, $total", name.text));
    if (input != kNoNode) return fail(name, fmt::format("${} cannot stand after a dot", name.text));
    ++at_;
    return add(std::move(node), out);
  }

  bool call(PathNode node, const Token& name, NodeIndex& out) {
    const FunctionSignature* signature = find_function(name.text);
    if (!signature) {
      std::string nearest = nearest_function(name.text);
      return fail(name, fmt::format("unknown function {}(){}", name.text.substr(0, 60),
                                    nearest.empty() ? "" : "; did you mean " + nearest + "()?"));
    }
    node.op = PathOp::call;
    node.function = signature->function;
    ++at_;
    if (++nesting_ > kExpressionNestingMax) {
      return fail(token(), fmt::format("nested deeper than {} levels", kExpressionNestingMax));
    }
    while (!is_symbol(")")) {
      if (!node.arguments.empty() || !node.type_name.written.empty()) {
        if (!expect(",")) return false;
      }
      if (signature->argument_kind == ArgumentKind::type_name) {
        if (!node.type_name.written.empty()) break;
        if (!type_name(node.type_name)) return false;
        continue;
      }
      if (signature->function == PathFunction::sort && token().kind == TokenKind::symbol && token().text == "-") {
        ++at_;
        node.descending.push_back(true);
      } else {
        node.descending.push_back(false);
      }
      NodeIndex argument = kNoNode;
      if (!expression(0, argument)) return false;
      if (signature->function == PathFunction::sort && token().kind == TokenKind::identifier &&
          (token().text == "asc" || token().text == "desc")) {
        node.descending.back() = token().text == "desc";
        ++at_;
      }
      node.arguments.push_back(argument);
    }
    if (!expect(")")) return false;
    --nesting_;
    size_t count = node.arguments.size() + (node.type_name.written.empty() ? 0 : 1);
    if (count < signature->arguments_min || count > signature->arguments_max) {
      std::string wanted = signature->arguments_min == signature->arguments_max
                               ? fmt::format("{}", signature->arguments_min)
                               : fmt::format("{} to {}", signature->arguments_min, signature->arguments_max);
      return fail(name, fmt::format("{}() takes {} arguments, not {}", name.text, wanted, count));
    }
    return add(std::move(node), out);
  }

  bool type_name(TypeName& out) {
    const Token first = token();
    // Parentheses around a type name are common in the wild.
    if (is_symbol("(")) {
      ++at_;
      return type_name(out) && expect(")");
    }
    if (first.kind != TokenKind::identifier && first.kind != TokenKind::delimited_identifier) {
      return fail(first, fmt::format("expected a type name, found '{}'", shown(first)));
    }
    ++at_;
    out.written = first.text;
    if (is_symbol(".") &&
        (token(1).kind == TokenKind::identifier || token(1).kind == TokenKind::delimited_identifier) &&
        (first.text == "FHIR" || first.text == "System")) {
      ++at_;
      out.written += "." + token().text;
      ++at_;
    }
    return resolve_type(out, first);
  }

  bool resolve_type(TypeName& out, const Token& where);

  bool term(NodeIndex& out) {
    const Token first = token();
    PathNode node;
    node.offset = first.offset;
    switch (first.kind) {
      case TokenKind::symbol:
        if (first.text == "(") {
          ++at_;
          return expression(0, out) && expect(")");
        }
        if (first.text == "{" && is_symbol("}", 1)) {
          at_ += 2;
          node.op = PathOp::empty;
          return add(std::move(node), out);
        }
        return fail(first, fmt::format("expected a value, found '{}'", first.text));
      case TokenKind::external:
        ++at_;
        node.op = PathOp::variable;
        node.text = first.text;
        return add(std::move(node), out);
      case TokenKind::identifier:
        if (first.text == "true" || first.text == "false") {
          ++at_;
          node.op = PathOp::literal;
          node.literal = boolean_value(first.text == "true");
          node.text = first.text;
          return add(std::move(node), out);
        }
        return invocation(kNoNode, out);
      case TokenKind::delimited_identifier:
      case TokenKind::dollar:
        return invocation(kNoNode, out);
      case TokenKind::end:
        return fail(first, "expected a value, found the end");
      case TokenKind::string:
        node.literal.kind = ValueKind::string;
        break;
      case TokenKind::integer:
        node.literal.kind = ValueKind::integer;
        break;
      case TokenKind::long_integer:
        node.literal.kind = ValueKind::long_integer;
        break;
      case TokenKind::decimal:
        node.literal.kind = ValueKind::decimal;
        break;
      case TokenKind::date:
        node.literal.kind = ValueKind::date;
        break;
      case TokenKind::date_time:
        node.literal.kind = ValueKind::date_time;
        break;
      case TokenKind::time:
        node.literal.kind = ValueKind::time;
        break;
    }
    ++at_;
    node.op = PathOp::literal;
    node.text = first.text;
    if (first.kind == TokenKind::time) node.text.erase(0, 1);
    if (first.kind == TokenKind::date_time && node.text.ends_with('T')) node.text.pop_back();
    bool is_whole_number = first.kind == TokenKind::integer || first.kind == TokenKind::long_integer;
    if (is_whole_number || first.kind == TokenKind::decimal) {
      auto number = parse_decimal(first.text);
      auto whole = number && is_whole_number ? to_integer(*number) : std::nullopt;
      if (!number || (is_whole_number && !whole)) return fail(first, "this number has more digits than can be held");
      // What is too large for an Integer is taken as a Long.
      if (whole && !fits_integer(*whole)) node.literal.kind = ValueKind::long_integer;
    }
    if (first.kind == TokenKind::integer || first.kind == TokenKind::decimal) {
      // A quantity: 4 days, 5.5 'mg'. Its unit stands in the node's second text.
      bool is_word = token().kind == TokenKind::identifier && is_calendar_word(token().text);
      if (is_word || token().kind == TokenKind::string) {
        node.literal.kind = ValueKind::quantity;
        node.literal.is_calendar_unit = is_word;
        node.json_sibling = token().text;
        ++at_;
      }
    }
    return add(std::move(node), out);
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
  uint32_t nesting_ = 0;
  PathProgram program_;
  PathError error_;
};

bool Parser::resolve_type(TypeName& out, const Token& where) {
  struct SystemType {
    std::string_view name;
    ValueKind kind;
  };
  constexpr SystemType kSystemTypes[] = {
      {"Boolean", ValueKind::boolean},    {"Integer", ValueKind::integer}, {"Long", ValueKind::long_integer},
      {"Decimal", ValueKind::decimal},    {"String", ValueKind::string},   {"Date", ValueKind::date},
      {"DateTime", ValueKind::date_time}, {"Time", ValueKind::time},       {"Quantity", ValueKind::quantity}};
  std::string_view name = out.written;
  bool is_fhir = name.starts_with("FHIR.");
  bool is_system = name.starts_with("System.");
  if (is_fhir) name.remove_prefix(5);
  if (is_system) name.remove_prefix(7);
  if (!is_fhir) {
    for (const SystemType& type : kSystemTypes) {
      if (type.name == name) out.system = type.kind;
    }
  }
  if (!is_system) out.fhir = Model::r4().find_type(name);
  if (out.fhir != kUnknownType || out.system != ValueKind::none) return true;
  std::vector<std::string> names;
  for (size_t i = 0; i < Model::r4().size(); ++i) names.emplace_back(Model::r4().type(static_cast<TypeIndex>(i)).name);
  for (const SystemType& type : kSystemTypes) names.emplace_back(type.name);
  std::string nearest = nearest_word(name, names);
  return fail(where, fmt::format("unknown type {}{}", out.written.substr(0, 60),
                                 nearest.empty() ? "" : "; did you mean " + nearest + "?"));
}

}  // namespace

std::string to_string(const PathError& error) {
  return fmt::format("{}:{}: {}", error.line, error.column, error.message);
}

PathError error_at(std::string_view text, uint32_t offset, std::string message) {
  PathError error{std::move(message), 1, 1};
  for (size_t i = 0; i < offset && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++error.line;
      error.column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
      ++error.column;
    }
  }
  return error;
}

Result<PathProgram, PathError> parse_path(std::string_view text) {
  if (text.size() > kExpressionBytesMax)
    return PathError{fmt::format("longer than {} bytes", kExpressionBytesMax), 1, 1};
  auto tokens = read_tokens(text);
  if (!tokens) return tokens.error();
  return Parser(text, std::move(*tokens)).parse();
}

}  // namespace authledger
