// A sound averager in a file with a fault: -DFAULT_... says which.
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <basin/basin.hpp>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#if defined FAULT_LEAKS
extern "C" BASIN_EXPORT int my_own_helper() { return 1; }
#elif defined FAULT_UNIQUE
template <class T>
struct BASIN_EXPORT Shared {
  static inline int counter = 0;
};
BASIN_EXPORT int count_shared() { return ++Shared<int>::counter; }
#endif

namespace {

#if defined FAULT_THREAD
void* sleep_for_ever(void*) {
  for (;;) pause();
}
#endif

// Runs while the file is loaded.
struct Loading {
  Loading() {
#if defined FAULT_THREAD
    pthread_t thread;
    pthread_create(&thread, nullptr, sleep_for_ever, nullptr);
#elif defined FAULT_FILE
    (void)!open("/dev/zero", O_RDONLY);
#elif defined FAULT_OUTPUT
    std::puts("Hello from a plugin!");
#elif defined FAULT_VARIABLE
    setenv("BASIN_CHECK_FAULT", "1", 1);
#elif defined FAULT_SIGNAL
    std::signal(SIGINT, SIG_IGN);
#elif defined FAULT_LOCALE
    std::setlocale(LC_ALL, "C.UTF-8");
#elif defined FAULT_SLOW
    sleep(3);
#elif defined FAULT_CRASH
    std::abort();
#endif
  }
} loading;

struct Last {
  static constexpr const char* name = "last";
  static constexpr const char* summary = "The weights of the last step.";
  basin::Parameters parameters_;
  void start(basin::Parameters p, basin::State) { parameters_ = p; }
  void update(const basin::Context&) {}
  basin::Tensor average(uint32_t group) { return parameters_[group].values.clone(); }
};

#if defined FAULT_THROWS
basin_status throws(void*, const basin_context*) { throw std::runtime_error("nobody caught me"); }
#endif

struct Component : basin::AveragerComponent<Last> {
  static const basin_component* describe() {
#if defined FAULT_THROWS
    static basin_averager_functions f = functions;
    f.update = throws;
    return basin::detail::describe<Last>(BASIN_AVERAGER_INTERFACE, &f);
#else
    return basin::AveragerComponent<Last>::describe();
#endif
  }
};

}  // namespace

BASIN_PLUGIN("file", "0.1.0", "Apache-2.0", "For the tests of basin check.", Component)
