// A wrong command line, said in a sentence of Basin's own.
#pragma once
#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace basin::cli {

constexpr int kUsage = 2;  // the exit code of a command line that cannot be understood

// "basin run has no option '--thread'; did you mean '--threads'?"
std::string usage_sentence(const CLI::App& app, const CLI::ParseError& error);

}  // namespace basin::cli
