// Every operator of the engine by the schema a plugin was written against, called with tagged values.
#include <torch/csrc/jit/frontend/function_schema_parser.h>

#include <shared_mutex>
#include <sstream>

#include "abi/arguments.hpp"
#include "abi/border.hpp"
#include "abi/interfaces.hpp"
#include "abi/named.hpp"

struct basin_op {
  c10::OperatorHandle handle;
  std::string name;
  std::vector<basin::ArgumentKind> arguments;
  std::vector<basin::ResultKind> results;
  int dropout = -1;  // the argument that must be zero
};

namespace basin {
namespace {

std::string text_of(const c10::FunctionSchema& schema) {
  std::ostringstream out;
  out << schema;
  return out.str();
}

[[noreturn]] void refuse_random(const std::string& name) {
  throw Error(name +
              " draws random numbers from the engine's own generator, which would make runs irreproducible; draw "
              "them with " BASIN_RANDOM_INTERFACE " (random.h), or use a dropout layer (layer.h).");
}

// Operators that draw are marked by the engine, or take a generator. What has a dropout probability is let through with
// that at zero, checked at each call.
void check_deterministic(basin_op& op) {
  const auto& schema = op.handle.schema();
  for (const auto& a : schema.arguments())
    if (a.real_type()->str().find("Generator") != std::string::npos) refuse_random(op.name);
  const auto& arguments = schema.arguments();
  for (size_t i = 0; i < arguments.size(); ++i)
    if ((arguments[i].name() == "dropout_p" || arguments[i].name() == "dropout") &&
        op.arguments[i].kind == ArgumentKind::real)
      op.dropout = static_cast<int>(i);
  if (op.handle.hasTag(at::Tag::nondeterministic_seeded) && op.dropout < 0) refuse_random(op.name);
}

std::unique_ptr<basin_op> look_up(const std::string& text) {
  std::optional<c10::FunctionSchema> asked;
  try {
    asked = torch::jit::parseSchema(text);
  } catch (const std::exception&) {
    throw Error(
        "'" + text +
        "' is not an operator's schema; write it in full, as in \"aten::add.Tensor(Tensor self, Tensor other, *, "
        "Scalar alpha=1) -> Tensor\".");
  }
  const auto handle = c10::Dispatcher::singleton().findSchema(asked->operator_name());
  const std::string name = c10::toString(asked->operator_name());
  if (!handle)
    throw Error("This host's engine has no operator " + name + ", which the plugin asks for by \"" + text + "\".",
                BASIN_ERROR_NOT_FOUND);
  const auto& schema = handle->schema();
  if (!schema.isBackwardCompatibleWith(*asked))
    throw Error("The plugin was written against the operator \"" + text_of(*asked) +
                    "\", but this host's engine has \"" + text_of(schema) + "\"; build the plugin against that one.",
                BASIN_ERROR_ABI);
  auto op = std::make_unique<basin_op>(basin_op{*handle, name, {}, {}});
  for (const auto& a : schema.arguments()) op->arguments.emplace_back(a);
  for (const auto& r : schema.returns()) op->results.emplace_back(r);
  check_deterministic(*op);
  return op;
}

struct Hash {
  using is_transparent = void;
  size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
};
struct Cache {
  std::shared_mutex mutex;
  std::unordered_map<std::string, std::unique_ptr<basin_op>, Hash, std::equal_to<>> by_text;
};
Cache& cache() {
  static auto* all = new Cache;
  return *all;
}

// A call's stack out of this thread's pool; a call inside a call (a hook, a callback) takes the next one.
class PooledStack {
 public:
  PooledStack() : pool_(pool()) {
    if (pool_.depth == pool_.stacks.size()) pool_.stacks.push_back(std::make_unique<torch::jit::Stack>());
    stack_ = pool_.stacks[pool_.depth++].get();
  }
  ~PooledStack() {
    stack_->clear();
    --pool_.depth;
  }
  PooledStack(const PooledStack&) = delete;
  PooledStack& operator=(const PooledStack&) = delete;
  torch::jit::Stack& operator*() { return *stack_; }

 private:
  struct Pool {
    std::vector<std::unique_ptr<torch::jit::Stack>> stacks;
    size_t depth = 0;
  };
  static Pool& pool() {
    thread_local Pool pool;
    return pool;
  }
  Pool& pool_;
  torch::jit::Stack* stack_;
};

void check_dropout(const basin_op& op, const at::IValue& p) {
  if (p.isDouble() ? p.toDouble() != 0 : !p.isNone())
    throw Error(op.name + " draws random numbers unless '" + op.arguments[op.dropout].name +
                "' is 0; use a dropout layer (layer.h) instead.");
}

void push_arguments(const basin_op& op, const basin_value* given, uint32_t n, torch::jit::Stack& stack) {
  if (n > op.arguments.size())
    throw Error(op.name + " takes " + std::to_string(op.arguments.size()) + " arguments, but " + std::to_string(n) +
                " were given.");
  stack.reserve(op.arguments.size());
  static constexpr basin_value kDefault{};
  for (size_t i = 0; i < op.arguments.size(); ++i) push(op.arguments[i], i < n ? given[i] : kDefault, op.name, stack);
}

}  // namespace

basin_status find_operator(const char* schema, const basin_op** out) {
  return guard([&] {
    const std::string_view text = needed(schema, "The operator's schema");
    auto& all = cache();
    {
      std::shared_lock lock(all.mutex);
      if (const auto found = all.by_text.find(text); found != all.by_text.end()) {
        *out = found->second.get();
        return;
      }
    }
    auto fresh = look_up(std::string(text));
    std::unique_lock lock(all.mutex);
    *out = all.by_text.try_emplace(std::string(text), std::move(fresh)).first->second.get();
  });
}

basin_status call_operator(const basin_op* op, const basin_value* arguments, uint32_t n_arguments, basin_value* results,
                           uint32_t* n_results) {
  return guard([&] {
    needed(op, "The operator");
    if (n_arguments) needed(arguments, "The list of arguments");
    PooledStack pooled;
    auto& stack = *pooled;
    push_arguments(*op, arguments, n_arguments, stack);
    if (op->dropout >= 0) check_dropout(*op, stack[op->dropout]);
    with_name(op->name.c_str(), [&] { op->handle.callBoxed(stack); });

    uint32_t count = 0;
    for (const at::IValue& v : stack) count += result_count(v);
    const uint32_t room = n_results ? std::exchange(*n_results, count) : 0;
    if (room == 0) return;  // called for what it does in place
    if (count > room)
      throw Error(op->name + " gives " + std::to_string(count) + " results, but there is room for " +
                  std::to_string(room) + ".");
    needed(results, "The room for results");
    for (size_t i = 0; i < stack.size(); ++i) results = give_result(op->results[i], std::move(stack[i]), results);
  });
}

void release_opaque(void* opaque) { delete static_cast<at::IValue*>(opaque); }

}  // namespace basin
