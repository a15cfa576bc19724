#include <basin/noise_schedule.h>

#include <ATen/record_function.h>

#include <fstream>
#include <set>

#include "abi/interfaces.hpp"
#include "measure/metric.hpp"
#include "train/optimizer.hpp"
#include "train/report.hpp"
#include "train/support.hpp"
#include "train/validation.hpp"

namespace test {

using namespace basin;

namespace {

std::atomic<int64_t> accesses = 0;
std::atomic<bool> stepping = false;  // an optimizer's step runs, and not the test's closure inside of it

// Operators that wait for the device: they bring a value to the host, or sizes that depend on values. Counted while an
// optimizer steps, whoever calls them: the typed functions and operators by schema among it. Not inside of the engine's
// fused kernels, which take counts and rates as tensors: their CPU form looks at the CPU's memory, their CUDA form at
// the device's, in the kernel.
thread_local int inside_fused = 0;
struct Fused : at::ObserverContext {};
std::unique_ptr<at::ObserverContext> enter_operator(const at::RecordFunction& function) {
  static const std::set<std::string> reads = {
      "aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select", "aten::equal", "aten::_unique2",
      "aten::repeat_interleave"};
  const std::string name = function.name();
  if (name.starts_with("aten::_fused_")) return inside_fused++, std::make_unique<Fused>();
  if (stepping && !inside_fused && reads.count(name)) accesses++;
  return nullptr;
}
void leave_operator(const at::RecordFunction&, at::ObserverContext* fused) { inside_fused -= fused != nullptr; }

// The host's table of tensors, with the functions counted that move values between the host and a device.
const basin_tensor_interface* counting_tensor_interface() {
  static basin_tensor_interface table = tensor_interface;
  table.item = [](const basin_tensor* t, double* out) { return accesses++, tensor_interface.item(t, out); };
  table.copy_to = [](const basin_tensor* t, int32_t dtype, void* buffer, uint64_t bytes) {
    return accesses++, tensor_interface.copy_to(t, dtype, buffer, bytes);
  };
  table.from_data = [](const void* data, const int64_t* sizes, uint32_t n, int32_t dtype, basin_tensor* like,
                       basin_tensor** out) {
    return accesses++, tensor_interface.from_data(data, sizes, n, dtype, like, out);
  };
  table.mutable_data = [](basin_tensor* t, void** out) { return accesses++, tensor_interface.mutable_data(t, out); };
  return &table;
}

void start() {
  static const bool once = [] {
    add_abi_interfaces();
    at::addGlobalCallback(
        at::RecordFunctionCallback(enter_operator, leave_operator).scopes({at::RecordScope::FUNCTION}));
    add_interface(BASIN_TENSOR_INTERFACE, counting_tensor_interface());
    add_plugin_interfaces();
    add_process_interface();
    add_samplers_interface();
    add_measurement_interface();
    add_optimizer_interface();
    add_validation_interface();
    add_report_interface();
    add_model_factory();
    Registry::instance().search({BASIN_BUILD "/plugins", BASIN_BUILD "/tests/train"});
    return true;
  }();
  (void)once;
}

}  // namespace

Spec spec(const std::string& kind, const std::string& name, const Options& options) {
  start();
  std::vector<Option> given;
  for (const auto& [option, value] : options) given.push_back({option, value, "test"});
  return check_options(Registry::instance().find(kind, name), given);
}
std::shared_ptr<const Spec> part(const std::string& kind, const std::string& name, const Options& options) {
  return std::make_shared<const Spec>(spec(kind, name, options));
}
std::shared_ptr<Object> object(const std::string& kind, const std::string& name, const Options& options) {
  return std::make_shared<Object>(spec(kind, name, options));
}
std::shared_ptr<Dataset> dataset(const std::string& name, const Options& options) {
  return Dataset::open(spec("dataset", name, options));
}
std::shared_ptr<Model> model(const std::string& name, const Options& options) {
  return Model::create(spec("model", name, options));
}

std::shared_ptr<Model> tiny_unet(Options more) {
  Options options = {{"image", int64_t{8}},
                     {"channels", int64_t{32}},
                     {"multipliers", std::vector<double>{1}},
                     {"blocks", int64_t{1}},
                     {"attention", std::vector<int64_t>{}}};
  options.insert(options.end(), more.begin(), more.end());
  return model("adm_unet", options);
}

int64_t host_accesses() { return accesses; }

void randomize(Model& model, uint64_t seed, double scale) {
  at::NoGradGuard no_grad;
  auto& values = model.parameters().groups().at(0).values;
  const int64_t id = 0;
  values.copy_(draw(stream_of(seed, BASIN_PURPOSE_SCRIPT), BASIN_NORMAL, {&id, 1}, {values.numel()})[0] * scale);
  model.initial = false;
}

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "basin-test-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
  path = pattern;
}
Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

std::shared_ptr<Run> open_run(const Folder& folder, uint64_t seed, const std::string& precision) {
  RunSettings settings;
  settings.name = "test";
  settings.seed = seed;
  settings.device = "cpu";
  settings.precision = precision;
  return Run::open(folder.path, settings, {{"test", 1}}, nlohmann::json::object(), false);
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void cut(const std::filesystem::path& file, uintmax_t bytes) { std::filesystem::resize_file(file, bytes); }

bool says(const std::string& sentence, const std::vector<std::string>& parts) {
  bool all = sentence.find('\n') == sentence.npos;
  for (const auto& part : parts) all &= sentence.find(part) != sentence.npos;
  if (!all) UNSCOPED_INFO(sentence);
  return all;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type()) return false;
  const Tensor x = a.detach().cpu().contiguous(), y = b.detach().cpu().contiguous();
  return std::memcmp(x.const_data_ptr(), y.const_data_ptr(), x.nbytes()) == 0;
}
double relative(const Tensor& a, const Tensor& b) {
  const Tensor x = a.detach().to(at::kDouble), y = b.detach().to(at::kDouble);
  return ((x - y).norm() / (x.norm() + 1e-300)).item<double>();
}
Tensor arena(Parameters& parameters) { return parameters.groups().at(0).values.clone(); }

void step(const Object& optimizer, const basin_context* context, const basin_closure* closure) {
  basin_closure_result result{};
  result.size = sizeof result;
  optimizer.call([&] {
    return optimizer.functions<basin_optimizer_functions>().step(optimizer.self(), context, closure, &result);
  });
  steal(result.loss), steal(result.sample_losses);
}

Tensor some_values(uint64_t seed, double scale) {
  const int64_t id = 0;
  return draw(stream_of(seed, BASIN_PURPOSE_SCRIPT), BASIN_NORMAL, {&id, 1}, {Workbench::n})[0] * scale;
}

Workbench::Workbench(Spec what, const Tensor& begin, Gradient gradient, const Shapes& shapes,
                     at::MemoryFormat convolutions)
    : optimizer(std::make_shared<Object>(std::move(what))), gradient_(std::move(gradient)) {
  for (const auto& [name, sizes] : shapes) parameters.add(name, sizes, {});
  parameters.lay_out(at::kCPU, convolutions);
  at::NoGradGuard no_grad;
  values().copy_(begin);
  basin::start_optimizer(*optimizer, parameters, state);
}

double Workbench::step() {
  visits.clear();
  const basin_closure closure{sizeof closure, this,
                              [](void* user, const basin_closure_request*, basin_closure_result* out) {
                                return guard([&] {
                                  auto& self = *static_cast<Workbench*>(user);
                                  at::NoGradGuard no_grad;
                                  const bool before = stepping.exchange(false);
                                  self.visits.push_back({self.values().clone(), self.gradients().clone(), self.rate()});
                                  if (self.before_call) self.before_call(self.calls_);
                                  self.gradients().copy_(self.gradient_(self.values().to(at::kDouble), self.calls_));
                                  out->loss = own(at::scalar_tensor(static_cast<double>(self.calls_++), at::kFloat));
                                  stepping = before;
                                });
                              }};
  Context context(0, static_cast<uint64_t>(steps_++), {});
  basin_closure_result result{};
  result.size = sizeof result;
  stepping = true;
  optimizer->call([&] {
    return optimizer->functions<basin_optimizer_functions>().step(optimizer->self(), context.get(), &closure, &result);
  });
  stepping = false;
  steal(result.sample_losses);
  return steal(result.loss).item<double>();
}

TrainOptions tiny_training(std::shared_ptr<Model> model, std::shared_ptr<Object> optimizer) {
  TrainOptions o;
  o.model = std::move(model);
  o.data = dataset("shapes", {{"count", int64_t{40}}, {"size", int64_t{8}}});
  o.process = std::make_shared<const Process>("vp", "cosine", 25);
  o.steps = 12;
  o.batch = 8;
  o.optimizer = std::move(optimizer);
  o.noise_schedule = object("noise_schedule", "uniform");
  o.loss = find_loss(o.loss_name);
  return o;
}

void start_noise_schedule(const TrainOptions& o, State& state) {
  const basin_process process{o.process};
  o.noise_schedule->call([&] {
    return o.noise_schedule->functions<basin_noise_schedule_functions>().start(o.noise_schedule->self(), &process,
                                                                               &state);
  });
}

Recorder::Recorder(const basin_closure* inner, Parameters& parameters) : inner_(inner), parameters_(&parameters) {
  closure.size = sizeof closure;
  closure.user = this;
  closure.run = [](void* user, const basin_closure_request* request, basin_closure_result* out) {
    return guard([&] {
      auto& self = *static_cast<Recorder*>(user);
      basin_closure_request asked{};
      if (request) asked = *request;
      asked.size = sizeof asked;
      if (self.per_sample) asked.per_sample = 1;
      const auto& group = self.parameters_->groups()[0];
      Call call{group.values.clone(), {}, {}, {}, {}, asked.no_gradients != 0};
      if (asked.subset) call.subset.assign(asked.subset, asked.subset + asked.n_subset);
      if (const basin_status status = self.inner_->run(self.inner_->user, &asked, out); status != BASIN_OK)
        throw Error(last_error(), status);
      call.loss = share(out->loss);
      if (out->sample_losses) call.losses = share(out->sample_losses);
      call.gradients = group.gradients.clone();
      self.calls.push_back(std::move(call));
    });
  };
}

}  // namespace test
