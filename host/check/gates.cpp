// A gate is a function of the same signature as the host's, made by a template for each member of each interface. A
// static_assert on the size of every interface makes a forgotten member fail to compile; a forgotten interface is named
// by every check.
#include "check/gates.hpp"

#include <basin/dataset.h>
#include <basin/layer.h>
#include <basin/metric.h>
#include <basin/optimizer.h>
#include <basin/report.h>
#include <basin/sampler.h>
#include <basin/validation.h>

#include <atomic>
#include <map>
#include <thread>

#include "abi/interfaces.hpp"
#include "check/ledger.hpp"
#include "plugin/crash.hpp"
#include "plugin/options.hpp"

namespace basin::checking {
namespace {

std::atomic<bool> watching{false};
std::atomic<uint64_t> calls{0}, failing{0};
std::atomic<const char*> failed_name{nullptr};
thread_local int creating = 0;  // a create is running on this thread
thread_local Loan* lent_by_create = nullptr;

// --- what a gate does with each argument before the call ---
template <class T>
bool fine(const char*, T) {
  return true;
}
bool fine(const char* function, basin_tensor* t) { return may_use(t, function); }
bool fine(const char* function, const basin_tensor* t) { return may_use(t, function); }
bool fine(const char* function, const basin_options*) {
  if (creating) return true;
  note_misuse(std::string("the options were borrowed until create returned, and were given to ") + function + " later");
  return false;
}

// The tensors among lists: their counts stand beside them.
bool fine_list(const char* function, basin_tensor* const* list, uint32_t n) {
  bool all = true;
  for (uint32_t i = 0; list && i < n; i++) all = may_use(list[i], function) && all;
  return all;
}

void received(basin_tensor** out, uint32_t n) {
  for (uint32_t i = 0; out && i < n; i++)
    if (out[i]) count_reference(out[i], 1);
}

// Whether this call is the one that is to fail.
bool injected(const char* name) {
  if (!watching.load(std::memory_order_relaxed)) return false;
  if (++calls != failing.load()) return false;
  failed_name = name;
  set_last_error(kInjected);
  return true;
}

// The functions that the headers mark [run thread].
bool is_of_run_thread(const std::string& name) {
  for (const char* one :
       {"layer.add", "layer.parameter", "layer.begin_block", "layer.end_block", "layer.layer_info", "layer.hook_layer",
        "layer.hook_block", "layer.unhook", "state.tensor", "log.progress", "optimizers.step", "samplers.sample"})
    if (name == one) return true;
  return name.starts_with("measurement.") || name == "validation.loss" || name == "report.number";
}
std::thread::id run_thread_id;
void check_thread(const char* name) {
  if (std::this_thread::get_id() != run_thread_id)
    note_misuse(std::string(name) + " is for the thread that runs the script, and was called from another one");
}

constexpr const char* kStale = "a handle that was only borrowed was used after its borrow had ended";

template <auto Member>
struct Gate;
template <class Table, class R, class... A, R (*Table::*Member)(A...)>
struct Gate<Member> {
  static inline R (*host)(A...) = nullptr;
  static inline const char* name = "";
  static inline bool run_thread = false;  // it is to be called there alone
  static inline bool can_fail = true;     // what it gives is a status

  static R call(A... a) {
    if constexpr (std::is_same_v<R, basin_status>) {
      if (run_thread) check_thread(name);
      if (can_fail && injected(name)) return BASIN_ERROR_RUNTIME;
      if (!(fine(name, a) & ... & true)) return set_last_error(kStale), BASIN_ERROR_ARGUMENT;
      const R status = before(a...);
      if (status != BASIN_OK) return status;
      const R result = host(a...);
      if (result == BASIN_OK) after(a...);
      return result;
    } else {
      return host(a...);
    }
  }
  static basin_status before(A...) { return BASIN_OK; }
  // One new reference for each place of a single tensor.
  static void after(A... a) { (take_one(a), ...); }
  template <class T>
  static void take_one(T) {}
  static void take_one(basin_tensor** out) { received(out, 1); }
};

// --- functions with lists, or that lend memory ---
#define BASIN_GATE_BEFORE(member) \
  template <>                     \
  basin_status Gate<member>::before
#define BASIN_GATE_AFTER(member) \
  template <>                    \
  void Gate<member>::after
basin_status list_status(const char* name, basin_tensor* const* list, uint32_t n) {
  if (fine_list(name, list, n)) return BASIN_OK;
  set_last_error(kStale);
  return BASIN_ERROR_ARGUMENT;
}

BASIN_GATE_BEFORE (&basin_ops_interface::cat)(basin_tensor* const* list, uint32_t n, int64_t, basin_tensor**) {
  return list_status(name, list, n);
}
BASIN_GATE_BEFORE(&basin_layer_interface::forward)
(basin_layer*, const basin_context*, basin_tensor* const* in, uint32_t n, basin_tensor**) {
  return list_status(name, in, n);
}
BASIN_GATE_BEFORE(&basin_layer_interface::run_block)
(basin_block*, const basin_context*, basin_tensor* const* in, uint32_t n, basin_tensor**, uint32_t) {
  return list_status(name, in, n);
}
BASIN_GATE_AFTER(&basin_layer_interface::run_block)
(basin_block*, const basin_context*, basin_tensor* const*, uint32_t, basin_tensor** out, uint32_t n) {
  received(out, n);
}
BASIN_GATE_BEFORE(&basin_autograd_interface::gradients)
(basin_tensor* const* out, uint32_t n_out, basin_tensor* const* in, uint32_t n_in, int32_t, basin_tensor**) {
  const basin_status status = list_status(name, out, n_out);
  return status == BASIN_OK ? list_status(name, in, n_in) : status;
}
BASIN_GATE_AFTER(&basin_autograd_interface::gradients)
(basin_tensor* const*, uint32_t, basin_tensor* const*, uint32_t n, int32_t, basin_tensor** out) { received(out, n); }
BASIN_GATE_BEFORE(&basin_autograd_interface::apply)
(const basin_function*, basin_tensor* const* in, uint32_t n, basin_tensor**, uint32_t) {
  return list_status(name, in, n);
}
BASIN_GATE_AFTER(&basin_autograd_interface::apply)
(const basin_function*, basin_tensor* const*, uint32_t, basin_tensor** out, uint32_t n) { received(out, n); }
BASIN_GATE_BEFORE (&basin_autograd_interface::save)(basin_saved*, basin_tensor* const* in, uint32_t n) {
  return list_status(name, in, n);
}
BASIN_GATE_AFTER (&basin_autograd_interface::saved)(basin_saved*, basin_tensor** out, uint32_t n) { received(out, n); }

BASIN_GATE_BEFORE(&basin_tensor_interface::call)
(const basin_op*, const basin_value* arguments, uint32_t n, basin_value*, uint32_t*) {
  for (uint32_t i = 0; arguments && i < n; i++) {
    const auto& a = arguments[i];
    const bool all = a.tag == BASIN_ARG_TENSOR    ? fine_list(name, &a.u.t, 1)
                     : a.tag == BASIN_ARG_TENSORS ? fine_list(name, a.u.tensors, a.count)
                                                  : true;
    if (!all) return set_last_error(kStale), BASIN_ERROR_ARGUMENT;
  }
  return BASIN_OK;
}
BASIN_GATE_AFTER(&basin_tensor_interface::call)
(const basin_op*, const basin_value*, uint32_t, basin_value* results, uint32_t* n) {
  for (uint32_t i = 0; results && n && i < *n; i++)
    if (results[i].tag == BASIN_ARG_TENSOR) received(&results[i].u.t, 1);
}

BASIN_GATE_AFTER(&basin_process_interface::denoise)
(basin_denoiser*, const basin_context*, basin_tensor*, const double*, uint32_t, basin_denoised* out) {
  received(&out->epsilon, 1), received(&out->x0, 1), received(&out->variance, 1);
}

BASIN_GATE_AFTER(&basin_measurement_interface::gradient)
(basin_measurement*, const int64_t*, const double*, uint32_t, uint64_t, basin_tensor** out, uint32_t n) {
  received(out, n);
}
BASIN_GATE_BEFORE(&basin_measurement_interface::hessian_vector_product)
(basin_measurement*, const int64_t*, const double*, uint32_t, uint64_t, basin_tensor* const* in, uint32_t n,
 basin_tensor**, uint32_t) {
  return list_status(name, in, n);
}
BASIN_GATE_AFTER(&basin_measurement_interface::hessian_vector_product)
(basin_measurement*, const int64_t*, const double*, uint32_t, uint64_t, basin_tensor* const*, uint32_t,
 basin_tensor** out, uint32_t n) {
  received(out, n);
}

// Text and lists of options: copies that go when create has returned.
BASIN_GATE_AFTER (&basin_options_interface::string)(const basin_options*, const char* option, const char** out) {
  if (*out && lent_by_create)
    *out = lent_by_create->memory(*out, std::strlen(*out) + 1, std::string("the text of option '") + option + "'");
}
BASIN_GATE_AFTER(&basin_options_interface::integers)
(const basin_options*, const char* option, const int64_t** out, uint32_t* n) {
  if (lent_by_create) *out = lent_by_create->memory(*out, *n, std::string("the list of option '") + option + "'");
}
BASIN_GATE_AFTER(&basin_options_interface::numbers)
(const basin_options*, const char* option, const double** out, uint32_t* n) {
  if (lent_by_create) *out = lent_by_create->memory(*out, *n, std::string("the list of option '") + option + "'");
}

void retain(basin_tensor* t) {
  if (!may_use(t, "tensor.retain")) return;
  count_reference(t, 1);
  Gate<&basin_tensor_interface::retain>::host(t);
}
void release(basin_tensor* t) {
  if (!may_release(t)) return;
  count_reference(t, -1);
  Gate<&basin_tensor_interface::release>::host(t);
}

// --- the tables ---
template <class Table>
struct Behind {
  static inline Table table{};
};

// "ops.add", out of "... Member = &basin_ops_interface::add; ...".
template <auto Member>
const char* name_of() {
  const std::string all = __PRETTY_FUNCTION__, middle = "_interface::";
  const size_t begin = all.find("basin_", all.find("Member")) + 6, at = all.find(middle, begin);
  const size_t end = all.find_first_of(";] )", at);
  static const auto* name =
      new std::string(all.substr(begin, at - begin) + "." + all.substr(at + middle.size(), end - at - middle.size()));
  return name->c_str();
}

template <auto Member, class Table>
void put(Table& table) {
  if (!(table.*Member)) return;
  Gate<Member>::host = table.*Member;
  Gate<Member>::name = name_of<Member>();
  Gate<Member>::can_fail = std::string(Gate<Member>::name) != "autograd.set_recording";  // an int32_t, too
  Gate<Member>::run_thread = is_of_run_thread(Gate<Member>::name);
  table.*Member = Gate<Member>::call;
}

struct Gated {
  const void* table;
  const void* original;
};
std::map<std::string, Gated>& gated() {
  static auto* all = new std::map<std::string, Gated>;
  return *all;
}

template <class Table, auto... Members>
void gate(const char* id) {
  static_assert(sizeof(Table) == (sizeof...(Members) + 1) * sizeof(void*), "a member of this interface has no gate");
  const auto* original = static_cast<const Table*>(host_table()->get_interface(host_table(), id));
  if (!original) return;
  auto& table = Behind<Table>::table;
  table = *original;
  (put<Members>(table), ...);
  if constexpr (std::is_same_v<Table, basin_tensor_interface>) table.retain = retain, table.release = release;
  gated()[id] = {&table, original};
  add_interface(id, &table);
}

std::string hidden;

}  // namespace

void install_gates() {
  set_crash_explainer(explain_address);
  run_thread_id = std::this_thread::get_id();
  gate<basin_options_interface, &basin_options_interface::boolean, &basin_options_interface::integer,
       &basin_options_interface::number, &basin_options_interface::string, &basin_options_interface::integers,
       &basin_options_interface::numbers, &basin_options_interface::component>(BASIN_OPTIONS_INTERFACE);
  gate<basin_log_interface, &basin_log_interface::write, &basin_log_interface::progress>(BASIN_LOG_INTERFACE);
  gate<basin_parallel_interface, &basin_parallel_interface::run>(BASIN_PARALLEL_INTERFACE);
  gate<basin_tensor_interface, &basin_tensor_interface::retain, &basin_tensor_interface::release,
       &basin_tensor_interface::info, &basin_tensor_interface::mutable_data, &basin_tensor_interface::from_data,
       &basin_tensor_interface::copy_to, &basin_tensor_interface::item, &basin_tensor_interface::find_op,
       &basin_tensor_interface::call, &basin_tensor_interface::release_opaque, &basin_tensor_interface::stream,
       &basin_tensor_interface::to_dlpack, &basin_tensor_interface::from_dlpack>(BASIN_TENSOR_INTERFACE);
  gate<basin_ops_interface, &basin_ops_interface::add, &basin_ops_interface::sub, &basin_ops_interface::mul,
       &basin_ops_interface::div, &basin_ops_interface::add_scalar, &basin_ops_interface::mul_scalar,
       &basin_ops_interface::pow_scalar, &basin_ops_interface::add_, &basin_ops_interface::mul_,
       &basin_ops_interface::mul_scalar_, &basin_ops_interface::add_scalar_, &basin_ops_interface::lerp_,
       &basin_ops_interface::addcmul_, &basin_ops_interface::addcdiv_, &basin_ops_interface::copy_,
       &basin_ops_interface::fill_, &basin_ops_interface::clamp, &basin_ops_interface::neg, &basin_ops_interface::abs,
       &basin_ops_interface::exp, &basin_ops_interface::log, &basin_ops_interface::sqrt, &basin_ops_interface::cos,
       &basin_ops_interface::sin, &basin_ops_interface::round, &basin_ops_interface::silu,
       &basin_ops_interface::softmax, &basin_ops_interface::matmul, &basin_ops_interface::sum,
       &basin_ops_interface::mean, &basin_ops_interface::amax, &basin_ops_interface::amin, &basin_ops_interface::norm,
       &basin_ops_interface::reshape, &basin_ops_interface::permute, &basin_ops_interface::narrow,
       &basin_ops_interface::index_select, &basin_ops_interface::cat, &basin_ops_interface::to,
       &basin_ops_interface::contiguous, &basin_ops_interface::clone, &basin_ops_interface::full>(BASIN_OPS_INTERFACE);
  gate<basin_autograd_interface, &basin_autograd_interface::gradients, &basin_autograd_interface::detach,
       &basin_autograd_interface::require_gradient, &basin_autograd_interface::set_recording,
       &basin_autograd_interface::apply, &basin_autograd_interface::save, &basin_autograd_interface::saved>(
      BASIN_AUTOGRAD_INTERFACE);
  gate<basin_random_interface, &basin_random_interface::draw, &basin_random_interface::fill>(BASIN_RANDOM_INTERFACE);
  gate<basin_state_interface, &basin_state_interface::tensor>(BASIN_STATE_INTERFACE);
  gate<basin_parameters_interface, &basin_parameters_interface::group_count, &basin_parameters_interface::group,
       &basin_parameters_interface::count, &basin_parameters_interface::parameter>(BASIN_PARAMETERS_INTERFACE);
  gate<basin_layer_interface, &basin_layer_interface::add, &basin_layer_interface::parameter,
       &basin_layer_interface::begin_block, &basin_layer_interface::end_block, &basin_layer_interface::forward,
       &basin_layer_interface::run_block, &basin_layer_interface::tap, &basin_layer_interface::layer_count,
       &basin_layer_interface::layer_at, &basin_layer_interface::layer_info, &basin_layer_interface::block_count,
       &basin_layer_interface::block_at, &basin_layer_interface::block_name, &basin_layer_interface::hook_layer,
       &basin_layer_interface::hook_block, &basin_layer_interface::unhook>(BASIN_LAYER_INTERFACE);
  gate<basin_process_interface, &basin_process_interface::info, &basin_process_interface::respace,
       &basin_process_interface::denoise>(BASIN_PROCESS_INTERFACE);
  gate<basin_optimizers_interface, &basin_optimizers_interface::step>(BASIN_OPTIMIZERS_INTERFACE);
  gate<basin_samplers_interface, &basin_samplers_interface::sample>(BASIN_SAMPLERS_INTERFACE);
  gate<basin_image_interface, &basin_image_interface::read, &basin_image_interface::resize,
       &basin_image_interface::decode>(BASIN_IMAGE_INTERFACE);
  gate<basin_measurement_interface, &basin_measurement_interface::info, &basin_measurement_interface::images,
       &basin_measurement_interface::features, &basin_measurement_interface::losses,
       &basin_measurement_interface::scalar, &basin_measurement_interface::curve,
       &basin_measurement_interface::protocol, &basin_measurement_interface::grid,
       &basin_measurement_interface::gradient, &basin_measurement_interface::hessian_vector_product,
       &basin_measurement_interface::extractor>(BASIN_MEASUREMENT_INTERFACE);
  gate<basin_validation_interface, &basin_validation_interface::loss>(BASIN_VALIDATION_INTERFACE);
  gate<basin_report_interface, &basin_report_interface::number>(BASIN_REPORT_INTERFACE);
  for (const std::string& id : interface_ids())
    if (!gated().count(id)) throw Error("the check has no gate before the host's interface '" + id + "'");
}

std::vector<std::string> gated_interfaces() {
  std::vector<std::string> out;
  for (const auto& [id, table] : gated()) out.push_back(id);
  return out;
}

const void* ungated(const std::string& id) { return gated().at(id).original; }

void hide_interface(const std::string& id) {
  if (!hidden.empty()) add_interface(hidden.c_str(), gated().at(hidden).table);
  hidden = id;
  if (!hidden.empty()) add_interface(hidden.c_str(), nullptr);
}

Watch::Watch(uint64_t number) {
  checking::calls = 0, failing = number, failed_name = nullptr;
  watching = true;
}
Watch::~Watch() { watching = false; }
uint64_t Watch::calls() const { return checking::calls; }
std::string Watch::failed() const { return failed_name ? failed_name.load() : ""; }

namespace {

struct FunctionsHead {
  uint32_t size;
  basin_status (*create)(const basin_options*, void** self);
};
using Create = decltype(FunctionsHead::create);
std::map<const basin_component*, Create>& creates() {
  static auto* all = new std::map<const basin_component*, Create>;
  return *all;
}

basin_status create(const basin_options* options, void** self) {
  const Create theirs = creates().at(options->spec->component->table);
  Loan loan("create returned");
  Loan* outer = std::exchange(lent_by_create, &loan);
  creating++;
  const basin_status status = theirs(options, self);
  creating--;
  lent_by_create = outer;
  return status;
}

}  // namespace

const basin_component* gate_component(const basin_component* component) {
  const auto* functions = static_cast<const FunctionsHead*>(component->functions);
  struct Copy {
    basin_component component;
    std::vector<std::max_align_t> functions;
  };
  auto* copy = new Copy{*component, std::vector<std::max_align_t>(functions->size / sizeof(std::max_align_t) + 1)};
  std::memcpy(copy->functions.data(), functions, functions->size);
  reinterpret_cast<FunctionsHead*>(copy->functions.data())->create = create;
  copy->component.functions = copy->functions.data();
  creates()[&copy->component] = functions->create;
  return &copy->component;
}

}  // namespace basin::checking
