// Sentences about a wrong command line, see the header.
#include "cli/usage.hpp"

#include <CLI/CLI.hpp>

#include "plugin/value.hpp"
#include "script/bind.hpp"

namespace basin::cli {
namespace {

const CLI::App& innermost(const CLI::App& app) {
  const auto used = app.get_subcommands();
  return used.empty() ? app : innermost(*used.front());
}

std::string path_of(const CLI::App& app) {
  return app.get_parent() ? path_of(*app.get_parent()) + " " + app.get_name() : app.get_name();
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty() || option->get_positional()) continue;
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

// The option that CLI11's sentence is about: it names it as "--threads" or "script".
const CLI::Option* option_in(const CLI::App& app, const std::string& text) {
  const CLI::Option* found = nullptr;
  size_t longest = 0;
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    if (name.size() > longest && text.find(name) != text.npos) found = option, longest = name.size();
  }
  return found;
}

std::string takes(const CLI::Option& option) {
  std::string what = option.get_type_name();  // "N:INT in [1 - 1024]" where CLI11 has a check of its own
  if (const size_t colon = what.find(':'); colon != what.npos)
    what = what.substr(0, colon) + " (" + what.substr(colon + 1) + ")";
  return (option.get_positional() ? "" : option.get_name() + " takes ") + what + ", " + option.get_description();
}

std::string about_extra(const CLI::App& app) {
  const CLI::App& part = innermost(app);
  const auto extras = app.remaining(true);
  const std::string word = extras.empty() ? "" : extras.front(), who = path_of(part);
  const std::string option = word.substr(0, word.find('='));
  if (word.starts_with("-")) {
    // An option of the other places: of other commands, or of basin alone.
    std::vector<const CLI::App*> places = app.get_subcommands([](const CLI::App*) { return true; });
    places.push_back(&app);
    std::string others;
    for (const CLI::App* other : places) {
      const auto names = options_of(*other);
      if (other == &part || std::find(names.begin(), names.end(), option) == names.end()) continue;
      others += (others.empty() ? "" : ", ") + path_of(*other) + (other == &app ? " itself" : "");
    }
    if (!others.empty() && nearest(option, options_of(part)).empty())
      return who + " has no option '" + option + "', which is one of " + others;
    return who + " has no option '" + option + "'" + script::hint(option, options_of(part), "it has");
  }
  std::vector<std::string> commands;
  for (const CLI::App* command : part.get_subcommands([](const CLI::App*) { return true; }))
    commands.push_back(command->get_name());
  if (!commands.empty()) {
    if (word.ends_with(".lua")) return "there is no command '" + word + "'; a script is run by: basin run " + word;
    return "there is no command '" + word + "'" + script::hint(word, commands, "there are");
  }
  return who + " was given '" + word + "' and has no place for it; " + who + " --help says what it takes";
}

}  // namespace

std::string usage_sentence(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& part = innermost(app);
  const std::string text = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error)) return about_extra(app);
  const CLI::Option* option = option_in(part, text);
  if (dynamic_cast<const CLI::RequiredError*>(&error) && option) return path_of(part) + " needs " + takes(*option);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) && option) return takes(*option) + "; it was given nothing";
  if (dynamic_cast<const CLI::ConversionError*>(&error) && option) {
    const auto given = option->results();
    return takes(*option) + "; got '" + (given.empty() ? "" : given.back()) + "'";
  }
  // A check of ours has said it already, behind the option's name; CLI11's own say "--threads: Value 0 not in range ...".
  const size_t said = text.find(": ");
  if (option && said != text.npos &&
      (text.compare(said + 2, 6, "Value ") == 0 || text.compare(said + 2, 7, "Number ") == 0)) {
    const auto given = option->results();
    return takes(*option) + "; got '" + (given.empty() ? "" : given.back()) + "'";
  }
  return text;
}

}  // namespace basin::cli
