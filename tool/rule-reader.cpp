// Reads rule files. The YAML is walked node by node, because every error must
// name its line and column and misspelt keys must be called by their name.
#include "abi3ify/embedded.h"
#include "abi3ify/facts.h"
#include "abi3ify/helpers.h"
#include "abi3ify/judge.h"
#include "abi3ify/rule.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLParser.h"
#include <algorithm>

using namespace llvm;

namespace abi3ify {
namespace {

class Reader {
public:
  Reader(StringRef file, StringRef text) : file(file), text(text), stream(text, sources) {
    sources.setDiagHandler(
        [](const SMDiagnostic &diagnostic, void *self) {
          auto &reader = *static_cast<Reader *>(self);
          if (reader.error.empty())
            reader.error = position(reader.file, diagnostic.getLineNo(),
                                    diagnostic.getColumnNo() + 1) +
                           diagnostic.getMessage().str();
        },
        this);
  }

  Expected<Rule> read() {
    Rule rule;
    rule.file = file.str();
    auto document = stream.begin();
    yaml::Node *root = document == stream.end() ? nullptr : document->getRoot();
    if (auto *map = dyn_cast_or_null<yaml::MappingNode>(root))
      readRule(*map, rule);
    else if (error.empty())
      error = position(file, 1, 1) + "a rule file is a mapping that begins with 'id:'";
    if (error.empty() && ++document != stream.end())
      if (yaml::Node *next = document->getRoot(); next && error.empty())
        fail(*next, "a rule file holds one document");
    if (error.empty())
      check(rule);
    if (!error.empty())
      return createStringError(error);
    return rule;
  }

private:
  static std::string position(StringRef file, unsigned line, unsigned column) {
    return (file + ":" + Twine(line) + ":" + Twine(column) + ": ").str();
  }

  unsigned lineOf(yaml::Node &node) {
    return sources.getLineAndColumn(node.getSourceRange().Start).first;
  }

  void fail(yaml::Node &node, const Twine &message) {
    if (!error.empty())
      return;
    const char *start = node.getSourceRange().Start.getPointer();
    // The range of a mapping in braces begins behind the brace.
    if (isa<yaml::MappingNode, yaml::SequenceNode>(node) && start > text.begin() &&
        (start[-1] == '{' || start[-1] == '['))
      --start;
    auto [line, column] = sources.getLineAndColumn(SMLoc::getFromPointer(start));
    error = position(file, line, column) + message.str();
  }
  void fail(const Twine &message) {
    if (error.empty())
      error = position(file, 1, 1) + message.str();
  }

  std::string scalar(yaml::Node *node) {
    SmallString<64> storage;
    if (auto *plain = dyn_cast_or_null<yaml::ScalarNode>(node))
      return plain->getValue(storage).str();
    if (auto *block = dyn_cast_or_null<yaml::BlockScalarNode>(node))
      return block->getValue().str();
    if (node)
      fail(*node, "expected a text");
    return {};
  }

  bool boolean(yaml::Node *node) {
    std::string text = scalar(node);
    if (text != "true" && text != "false")
      fail(*node, "expected true or false, found '" + text + "'");
    return text == "true";
  }

  Minor version(yaml::Node *node) {
    auto minor = parseMinor(scalar(node));
    if (minor)
      return *minor;
    fail(*node, toString(minor.takeError()));
    return 0;
  }

  Target target(yaml::Node *node) {
    std::string text = scalar(node);
    if (text != "abi3" && text != "abi3t")
      fail(*node, "expected abi3 or abi3t, found '" + text + "'");
    return text == "abi3t" ? Target::Abi3t : Target::Abi3;
  }

  Floor floor(yaml::Node *node) {
    auto floor = parseFloor(scalar(node));
    if (floor)
      return *floor;
    fail(*node, toString(floor.takeError()));
    return {};
  }

  Safety safety(yaml::Node *node) {
    std::string text = scalar(node);
    for (Safety value : {Safety::Safe, Safety::Review, Safety::Manual})
      if (text == name(value))
        return value;
    fail(*node, "expected safe, review or manual, found '" + text + "'");
    return Safety::Manual;
  }

  /// Calls `item` for each element of a list, or once for a single node.
  template <class Fn> void each(yaml::Node *node, Fn item) {
    auto *list = dyn_cast_or_null<yaml::SequenceNode>(node);
    if (!list)
      return item(node);
    for (yaml::Node &element : *list)
      item(&element);
  }

  std::vector<std::string> texts(yaml::Node *node) {
    std::vector<std::string> list;
    each(node, [&](yaml::Node *element) { list.push_back(scalar(element)); });
    return list;
  }

  Uses uses(yaml::Node *node) {
    Uses set;
    each(node, [&](yaml::Node *element) {
      std::string text = scalar(element);
      for (Use use : {Use::Value, Use::Statement, Use::Assign, Use::Update, Use::Address,
                      Use::SizeOf})
        if (text == name(use))
          return set.add(use);
      fail(*element, "unknown use '" + text +
                         "'; one of value, statement, assign, update, address, sizeof");
    });
    return set;
  }

  /// Calls `value(key, node)` for each entry; false from it: unknown key.
  template <class Fn> void entries(yaml::Node *node, Fn value) {
    auto *map = dyn_cast_or_null<yaml::MappingNode>(node);
    if (!map) {
      if (node)
        fail(*node, "expected a mapping");
      return;
    }
    StringSet<> seen;
    for (yaml::KeyValueNode &entry : *map) {
      yaml::Node *key = entry.getKey();
      std::string text = scalar(key);
      if (key && !seen.insert(text).second)
        fail(*key, "key '" + text + "' stands here twice");
      if (!value(StringRef(text), entry.getValue()) && key)
        fail(*key, "unknown key '" + text + "'");
      entry.skip();
      if (!error.empty())
        return;
    }
  }

  Pairs pairs(yaml::Node *node) {
    Pairs list;
    entries(node, [&](StringRef key, yaml::Node *value) {
      list.emplace_back(key.str(), scalar(value));
      return true;
    });
    return list;
  }

  void headers(yaml::Node *node, Minor &from, Minor &until) {
    entries(node, [&](StringRef key, yaml::Node *value) {
      if (key == "from")
        from = version(value);
      else if (key == "until")
        until = version(value);
      else
        return false;
      return true;
    });
  }

  void match(yaml::Node *node, Rule &rule) {
    bool kindGiven = false;
    auto kind = [&](MatchKind value, yaml::Node *names) {
      if (kindGiven)
        fail(*names, "a rule matches one of call, field, name, type, include");
      kindGiven = true;
      rule.kind = value;
      rule.names = texts(names);
    };
    entries(node, [&](StringRef key, yaml::Node *value) {
      if (key == "call")
        kind(MatchKind::Call, value);
      else if (key == "field")
        kind(MatchKind::Field, value);
      else if (key == "name")
        kind(MatchKind::Name, value);
      else if (key == "type")
        kind(MatchKind::Type, value);
      else if (key == "include")
        kind(MatchKind::Include, value);
      else if (key == "custom") {
        rule.custom = scalar(value);
        if (!findJudge(rule.custom))
          fail(*value, "no function is called '" + rule.custom + "'");
      } else if (key == "args")
        rule.args = texts(value);
      else if (key == "of")
        rule.structName = scalar(value);
      else if (key == "via")
        rule.via = scalar(value);
      else if (key == "header")
        rule.header = scalar(value);
      else if (key == "pointers")
        rule.pointers = boolean(value);
      else
        return false;
      return true;
    });
    if (rule.pointers && rule.kind != MatchKind::Type)
      fail(*node, "only a rule for types has 'pointers'");
    if (!kindGiven && rule.custom.empty())
      fail(*node, "match needs one of call, field, name, type, include, custom");
    if (!rule.custom.empty())
      rule.kind = MatchKind::Custom;
  }

  /// Where a form stands, and where its keys' values do.
  struct FormNodes {
    yaml::Node *form;
    std::map<std::string, yaml::Node *> values;
    yaml::Node &at(const char *key) const {
      auto found = values.find(key);
      return found == values.end() ? *form : *found->second;
    }
  };

  Form form(yaml::Node *node, FormNodes &nodes) {
    Form result;
    nodes.form = node;
    entries(node, [&](StringRef key, yaml::Node *value) {
      nodes.values[key.str()] = value;
      if (key == "since")
        result.since = version(value);
      else if (key == "target")
        result.target = target(value);
      else if (key == "use")
        result.uses = uses(value);
      else if (key == "to")
        result.to = scalar(value);
      else if (key == "cast")
        result.cast = pairs(value);
      else if (key == "pure")
        result.pure = texts(value);
      else if (key == "null")
        result.null = texts(value);
      else if (key == "non-null")
        result.nonNull = texts(value);
      else if (key == "constant")
        result.constant = pairs(value);
      else if (key == "safety")
        result.safety = safety(value);
      else if (key == "rename")
        result.rename = pairs(value);
      else if (key == "strong")
        result.strong = boolean(value);
      else
        return false;
      return true;
    });
    if (!result.uses.bits) {
      result.uses.add(Use::Value);
      result.uses.add(Use::Statement);
    }
    return result;
  }

  Reason reason(yaml::Node *node) {
    Reason result;
    entries(node, [&](StringRef key, yaml::Node *value) {
      if (key == "use")
        result.uses = uses(value);
      else if (key == "target")
        result.target = target(value);
      else if (key == "reason")
        result.text = scalar(value);
      else
        return false;
      return true;
    });
    if (result.text.empty())
      fail(*node, "an entry of manual needs 'reason:'");
    return result;
  }

  Example example(yaml::Node *node) {
    Example result;
    result.line = lineOf(*node);
    entries(node, [&](StringRef key, yaml::Node *value) {
      if (key == "given")
        result.given = scalar(value);
      else if (key == "top")
        result.top = scalar(value);
      else if (key == "beside")
        entries(value, [&](StringRef name, yaml::Node *text) {
          result.beside.emplace_back(name.str(), scalar(text));
          return true;
        });
      else if (key == "before")
        result.before = scalar(value);
      else if (key == "after")
        result.after = scalar(value);
      else if (key == "manual")
        result.manual = scalar(value);
      else if (key == "unchanged")
        result.unchanged = boolean(value);
      else if (key == "lang") {
        std::string lang = scalar(value);
        if (lang != "c" && lang != "c++")
          fail(*value, "lang is c or c++, found '" + lang + "'");
        result.cxx = lang == "c++";
      } else if (key == "scope") {
        if (scalar(value) != "file")
          fail(*value, "the only scope to name is file");
        result.fileScope = true;
      } else if (key == "floor")
        result.floor = floor(value);
      else if (key == "safety")
        result.safety = safety(value);
      else if (key == "headers")
        headers(value, result.headersFrom, result.headersUntil);
      else
        return false;
      return true;
    });
    if (result.before.empty())
      fail(*node, "an example needs 'before:'");
    if (!result.beside.empty() && !result.fileScope)
      fail(*node, "only an example with 'scope: file' has headers beside it");
    if (result.after.has_value() + result.manual.has_value() + result.unchanged != 1)
      fail(*node, "an example needs exactly one of 'after:', 'manual:', 'unchanged: true'");
    return result;
  }

  void readRule(yaml::MappingNode &root, Rule &rule) {
    std::vector<FormNodes> forms;
    yaml::Node *signature = nullptr;
    bool headersGiven = false;
    entries(&root, [&](StringRef key, yaml::Node *value) {
      if (key == "id") {
        rule.id = scalar(value);
        if (rule.id != sys::path::stem(file))
          fail(*value, "the id must be the file's name, '" + sys::path::stem(file) + "'");
      } else if (key == "title")
        rule.title = scalar(value);
      else if (key == "rows")
        rule.rows = texts(value);
      else if (key == "match")
        match(value, rule);
      else if (key == "macro")
        signature = value;
      else if (key == "macros")
        rule.macros = pairs(value);
      else if (key == "always")
        rule.always = boolean(value);
      else if (key == "target")
        rule.target = target(value);
      else if (key == "optional")
        rule.optional = boolean(value);
      else if (key == "advice")
        rule.advice = boolean(value);
      else if (key == "below")
        rule.below = version(value);
      else if (key == "helpers") {
        rule.helpers = pairs(value);
        checkHelpers(*value, rule);
      }
      else if (key == "safety")
        rule.safety = safety(value);
      else if (key == "fix")
        each(value, [&](yaml::Node *item) {
          rule.forms.push_back(form(item, forms.emplace_back()));
        });
      else if (key == "manual")
        each(value, [&](yaml::Node *item) { rule.reasons.push_back(reason(item)); });
      else if (key == "docs")
        rule.docs = scalar(value);
      else if (key == "headers") {
        headers(value, rule.headersFrom, rule.headersUntil);
        headersGiven = true;
      } else if (key == "examples")
        each(value, [&](yaml::Node *item) { rule.examples.push_back(example(item)); });
      else
        return false;
      return true;
    });
    // Only now is it known what the match binds.
    for (size_t i = 0; i < forms.size() && error.empty(); ++i) {
      checkForm(forms[i], rule, rule.forms[i]);
      settleTarget(forms[i], rule, rule.forms[i]);
    }
    if (signature) {
      std::string text = scalar(signature);
      checkSignature(*signature, rule, text);
      for (const std::string &name : rule.names)
        rule.macros.emplace_back(name, text);
    }
    // The table of the Limited API does not know the names of other headers.
    if (!rule.header.empty())
      rule.always = true;
    else if (!headersGiven && rule.kind != MatchKind::Field)
      headersFromFacts(rule);
    stable_sort(rule.forms, [](const Form &a, const Form &b) { return a.since > b.since; });
  }

  /// The headers that have at least one of the rule's names.
  static void headersFromFacts(Rule &rule) {
    Minor from = NewestFloor + 1, until = 0;
    for (const std::string &name : rule.names)
      if (const Fact *fact = facts().find(name)) {
        from = std::min(from, fact->fullFrom);
        until = std::max(until, fact->fullUntil);
      }
    if (until) {
      rule.headersFrom = from;
      rule.headersUntil = until;
    }
  }

  void checkHelpers(yaml::Node &node, const Rule &rule) {
    for (const auto &[name, text] : rule.helpers) {
      if (!StringRef(name).starts_with(HelperPrefix))
        fail(node, "a helper's name begins with '" + HelperPrefix + "', found '" + name + "'");
      if (none_of(std::array{"(", " =", ";"}, [&](const char *behind) {
            return StringRef(text).contains(name + behind);
          }) &&
          !StringRef(text).contains("#define " + name))
        fail(node, "the text of helper '" + name + "' does not define it");
    }
  }

  void checkSignature(yaml::Node &node, const Rule &rule, StringRef text) {
    auto [result, parameters] = text.rsplit('(');
    if (result.trim().empty() || !parameters.consume_back(")"))
      fail(node, "expected a signature such as \"Py_ssize_t (any)\", found '" + text + "'");
    size_t count = parameters.trim().empty() ? 0 : parameters.count(',') + 1;
    if (count != rule.args.size() && !rule.args.empty())
      fail(node, "the signature has " + Twine(count) + " parameters, the match binds " +
                     Twine(rule.args.size()));
  }

  /// A template may only use names that the match binds.
  void checkForm(const FormNodes &nodes, const Rule &rule, const Form &form) {
    auto bound = [&](StringRef name) {
      if (name == "value" && (form.uses.has(Use::Assign) || form.uses.has(Use::Update)))
        return true;
      if (rule.kind == MatchKind::Field || !rule.structName.empty())
        return name == "object" || name == "field" || name == "type";
      return is_contained(rule.args, name);
    };
    if (!nodes.values.count("to") && !nodes.values.count("rename") && rule.custom.empty())
      fail(*nodes.form, "a form needs 'to:' or 'rename:'");
    StringRef rest = form.to;
    while (true) {
      size_t dollar = rest.find('$');
      if (dollar == StringRef::npos)
        break;
      rest = rest.drop_front(dollar + 1);
      StringRef name = rest.take_while([](char c) { return isAlnum(c) || c == '_'; });
      if (!bound(name))
        fail(nodes.at("to"), "'$" + name + "' is not bound by the match");
    }
    for (const auto &[name, type] : form.cast)
      if (!bound(name))
        fail(nodes.at("cast"), "cast names '" + name + "', which is not bound by the match");
    for (const auto &[name, constant] : form.constant)
      if (!is_contained(rule.args, name))
        fail(nodes.at("constant"), "'" + name + "' is not an argument of the match");
    for (auto [key, list] : {std::pair("pure", &form.pure), std::pair("null", &form.null),
                             std::pair("non-null", &form.nonNull)})
      for (const std::string &name : *list)
        if (!bound(name))
          fail(nodes.at(key), "'" + name + "' is not bound by the match");
    if (form.safety && *form.safety < rule.safety)
      fail(nodes.at("safety"), "a form's safety may be lower than the rule's, not higher");
  }

  /// A form that writes what abi3t lacks is for abi3 alone, which the facts say.
  void settleTarget(const FormNodes &nodes, const Rule &rule, Form &form) {
    std::string lack;
    auto look = [&](StringRef text) {
      forEachName(text, [&](StringRef name) {
        const Fact *fact = facts().find(name);
        if (fact && fact->usableAt({NewestFloor}) && !fact->usableAt({NewestFloor, true}))
          lack = name.str();
      });
    };
    look(form.to);
    for (const auto &[from, to] : form.rename)
      look(to);
    for (const auto &[name, text] : rule.helpers)
      if (StringRef(form.to).contains(name))
        look(text);
    if (lack.empty())
      return;
    if (form.target == Target::Abi3t)
      fail(*nodes.form, "the form is for abi3t, which has no '" + lack + "'");
    form.target = Target::Abi3;
  }

  template <class Fn> static void forEachName(StringRef text, Fn fn) {
    auto isName = [](char c) { return isAlnum(c) || c == '_'; };
    while (!text.empty()) {
      StringRef name = text.take_while(isName);
      if (!name.empty())
        fn(name);
      text = text.drop_front(std::max<size_t>(name.size(), 1));
    }
  }

  void check(const Rule &rule) {
    if (rule.id.empty())
      fail("missing 'id:'");
    if (rule.title.empty())
      fail("missing 'title:'");
    if (rule.docs.empty())
      fail("missing 'docs:'; every rule explains itself");
    if (rule.names.empty() && rule.custom.empty())
      fail("missing 'match:'");
    if (rule.kind == MatchKind::Field && rule.structName.empty())
      fail("a field rule needs 'of:' with the struct's name");
    if (!rule.via.empty() && rule.structName.empty())
      fail("'via:' is for field rules");
    if (rule.kind == MatchKind::Include && !rule.forms.empty())
      fail("an include rule has no 'fix:', only 'manual:'");
    if (rule.forms.empty() && rule.reasons.empty() && rule.custom.empty())
      fail("a rule needs 'fix:' or 'manual:'");
    if (rule.kind == MatchKind::Call || rule.kind == MatchKind::Custom)
      for (const std::string &name : rule.names)
        if (const Fact *fact = facts().find(name);
            fact && rule.header.empty() && fact->kind == "macro" && !lookup(rule.macros, name))
          fail("'" + name + "' is a macro of Python's headers, so a call of it is only seen with "
               "'macro:', which says how to declare it");
    bool positive = any_of(rule.examples, [](auto &e) { return !e.unchanged; });
    bool negative = any_of(rule.examples, [](auto &e) { return e.unchanged; });
    if (!positive || !negative)
      fail("a rule needs at least one example that it changes or reports and one near miss "
           "with 'unchanged: true'");
  }

  StringRef file, text;
  SourceMgr sources;
  std::string error;
  yaml::Stream stream;
};

Error loadOne(StringRef file, StringRef text, RuleSet &rules) {
  auto rule = parseRule(file, text);
  if (!rule)
    return rule.takeError();
  return rules.add(std::move(*rule));
}

Error loadFolder(StringRef folder, RuleSet &rules) {
  std::vector<std::string> files;
  std::error_code code;
  for (sys::fs::recursive_directory_iterator it(folder, code), end; it != end && !code;
       it.increment(code))
    if (StringRef(it->path()).ends_with(".yaml"))
      files.push_back(it->path());
  if (code)
    return createStringError("cannot read the rules folder " + folder + ": " + code.message());
  if (files.empty())
    return createStringError("no .yaml file in the rules folder " + folder);
  sort(files);
  Error errors = Error::success();
  for (const std::string &file : files) {
    auto buffer = MemoryBuffer::getFile(file);
    if (!buffer)
      errors = joinErrors(std::move(errors), createStringError(file + ": " +
                                                               buffer.getError().message()));
    else
      errors = joinErrors(std::move(errors), loadOne(file, (*buffer)->getBuffer(), rules));
  }
  return errors;
}

} // namespace

Expected<Rule> parseRule(StringRef file, StringRef text) {
  Reader reader(file, text);
  auto rule = reader.read();
  if (rule)
    rule->area = sys::path::filename(sys::path::parent_path(file)).str();
  return rule;
}

Expected<RuleSet> loadRules(StringRef folder) {
  RuleSet rules;
  Error errors = Error::success();
  for (const EmbeddedFile &file : embeddedFiles())
    if (StringRef(file.path).ends_with(".yaml"))
      errors = joinErrors(std::move(errors), loadOne(file.path, file.text, rules));
  if (!folder.empty())
    errors = joinErrors(std::move(errors), loadFolder(folder, rules));
  if (errors)
    return std::move(errors);
  return rules;
}

Expected<RuleSet> loadRuleFolder(StringRef folder) {
  RuleSet rules;
  if (Error error = loadFolder(folder, rules))
    return std::move(error);
  return rules;
}

} // namespace abi3ify
