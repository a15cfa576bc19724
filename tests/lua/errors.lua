-- What a script is told when it is wrong: the place, what was expected, what came, the nearest name.
local basin = require "basin"

local function try(f)
  local ok, message = pcall(f)
  print(ok and "nothing was wrong" or message)
end

-- names
try(function() return basin.optimiser "adam" end)                        --> errors.lua:10: basin has no 'optimiser'; did you mean 'optimizer'?
try(function() return basin.optimizer "adm" {} end)                      --> errors.lua:11: there is no optimizer 'adm'; did you mean 'adam'?...
try(function() return basin.process "ve" {} end)                         --> errors.lua:12: there is no process 've'; there is: vp
try(function() return basin.optimizer "adam" { leaning_rate = 1 } end)   --> errors.lua:13: unknown option 'leaning_rate' of optimizer 'adam'...
try(function() return basin.optimizer "sam" { roh = 1 } end)             --> errors.lua:14: unknown option 'roh' of optimizer 'sam'; did you mean 'rho'?...

-- types and ranges
try(function() return basin.optimizer "adam" { lr = "fast" } end)        --> errors.lua:17: option 'lr' of optimizer 'adam' must be a number...
try(function() return basin.optimizer "adam" { beta1 = 2 } end)          --> errors.lua:18: option 'beta1' of optimizer 'adam' must be a number...
try(function() return basin.optimizer "sam" { base = 3 } end)            --> errors.lua:19: option 'base' of optimizer 'sam' must be an optimizer, and 3 was given
try(function() return basin.optimizer("sam", { base = basin.sampler "ddim" }) end) --> errors.lua:20: option 'base' of optimizer 'sam' must be an optimizer, and the sampler 'ddim' was given
try(function() return basin.optimizer "sam" {} end)                      --> errors.lua:21: option 'base' of optimizer 'sam' is required, an optimizer: ...
try(function() return basin.optimizer "adam" { lr = print } end)         --> errors.lua:22: option 'lr' cannot be a function; an option takes...
try(function() return basin.optimizer "adam" { 1e-3 } end)               --> errors.lua:23: options are given by name, { lr = 1e-4 }, and the number 0.001 came without one
try(function() return basin.model "adm_unet" { multipliers = { 1, "x" } } end) --> errors.lua:24: option 'multipliers' is a table that is no list of numbers...
try(function() return basin.process "vp" { schedule = "cosin" } end)     --> errors.lua:25: option 'schedule' of process 'vp' must be one of linear, cosine, and "cosin" was given; did you mean "cosine"?
try(function() return basin.optimizer(3) end)                            --> errors.lua:26: basin.optimizer: 'name' must be a string, got the number 3
try(function() return basin.optimizer() end)                             --> errors.lua:27: basin.optimizer needs 'name', a string: Which one; basin.plugins() lists them.
local adam = basin.optimizer "adam" { lr = 1 }
try(function() return adam {} end)                                       --> errors.lua:29: basin.optimizer "adam" has its options already; a second table cannot follow
try(function() return adam.beta3 end)                                    --> errors.lua:30: the optimizer 'adam' has no 'beta3'; did you mean 'beta1'?
try(function() adam.lr = 3 end)                                          --> errors.lua:31: the fields of an optimizer cannot be set

-- data
try(function() return basin.dataset "cifar10" { root = "no/such/folder" } end) --> errors.lua:34: option 'root' of dataset 'cifar10' must be an existing folder, and 'no/such/folder' does not exist

-- runs
local run = basin.run { name = "errors", device = "cpu" }
try(function() return basin.run {} end)                                  --> errors.lua:38: basin.run needs 'name', a string: Of the folder: letters, digits, '-', '_' and '.'.
try(function() return basin.run { name = "x", sed = 3 } end)             --> errors.lua:39: basin.run has no option 'sed'; did you mean 'seed'?
try(function() return basin.run { name = "x", seed = 1.5 } end)          --> errors.lua:40: basin.run: 'seed' must be an integer, got the number 1.5
try(function() return basin.run { name = "x", device = "gpu" } end)      --> errors.lua:41: ...
try(function() return basin.run { name = "x", precision = "fp16" } end)  --> errors.lua:42: basin.run: 'precision' must be "fp32" or "bf16", got the string "fp16"; did you mean 'fp32'?
try(function() return run.train { steps = 3 } end)                       --> errors.lua:43: run:train is called on a run, with a colon: run:train { ... }; it got a table
try(function() return run:tarin {} end)                                  --> errors.lua:44: a run has no 'tarin'; did you mean 'train'?
try(function() return run:train { stesp = 3 } end)                       --> errors.lua:45: run:train has no option 'stesp'; did you mean 'steps'?
try(function() return run:train { steps = 3 } end)                       --> errors.lua:46: run:train needs 'model', a model: What is trained.
try(function() return run:train { 3 } end)                               --> errors.lua:47: run:train takes options by name, and got the number 3 without one
try(function() return run:train(3) end)                                  --> errors.lua:48: run:train takes one table, run:train { model = ... }; it got the number 3

local data = basin.dataset "shapes" { count = 32, size = 8 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
local function train(changes)
  local options = {
    model = model, data = data, process = basin.process "vp" {}, steps = 2, batch = 4, optimizer = basin.optimizer "sgd" { lr = 0 },
  }
  for key, value in pairs(changes) do options[key] = value end
  return basin.run { name = "errors", device = "cpu" }:train(options)
end
try(function() train { steps = 0 } end)                                  --> errors.lua:57: run:train: 'steps' must be at least 1, got 0
try(function() train { model = data } end)                               --> errors.lua:57: run:train: 'model' must be a model, got a dataset
try(function() train { averages = { basin.averager "ema" } } end)        --> errors.lua:57: averages holds averagers by name, averages = { ema = basin.averager "ema" }; got an averager without a name
try(function() train { averages = { ema = adam } } end)                  --> errors.lua:57: averages holds averagers by name, averages = { ema = basin.averager "ema" }; got an optimizer
try(function() train { loss = "simpel" } end)                            --> errors.lua:57: ...
try(function() train { loss = function() return 3 end } end)             --> errors.lua:57: the loss must return a tensor [B], one number for each of the 4 images; it returned the number 3; ...
try(function() train { loss = function(m, x0) return x0.nothing end } end) --> errors.lua:65: a tensor has no 'nothing'; it has elements...
try(function() train { on_step = function() error "stop here" end } end) --> errors.lua:66: stop here; training ended there, and there is no checkpoint yet
try(function() train { data = basin.dataset "shapes" { count = 32, size = 16 } } end) --> errors.lua:57: the model takes [3, 8, 8] images...
try(function() return model:averaged "ema" end)                          --> errors.lua:68: the model has no averages: run:train { averages = { ema = basin.averager "ema" } } makes them
try(function() return run:sample { model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }, sampler = basin.sampler "ddim" {} } end) --> errors.lua:69: this model was not trained here, so run:sample needs the process...

-- tensors, tables, the rest
try(function() return basin.tensor { 1, { 2 } } end)                     --> errors.lua:72: basin.tensor takes numbers and lists of numbers, all of one depth, got a list
try(function() return basin.tensor { { 1, 2 }, { 3 } } end)              --> errors.lua:73: basin.tensor takes lists of equal length, got 2 and 1 elements side by side
try(function() return basin.zeros { 2 } + basin.zeros { 3 } end)         --> errors.lua:74: tensor [2] float32 cpu and tensor [3] float32 cpu do not fit: their dimensions -1, counted from the last, are 2 and 3; t:unsqueeze(dim) adds a dimension of size 1, which fits any
try(function() return basin.zeros { 2 } + "x" end)                       --> errors.lua:75: arithmetic on a tensor needs a tensor or a number, got the string "x"
try(function() return basin.zeros({ 2 })[4] end)                         --> errors.lua:76: index 4 is outside the first dimension, 1 to 2
try(function() return basin.zeros({ 2 }):sum(3) end)                     --> errors.lua:77: dimension 3 is not one of this tensor's 1: they count from 1, or from the end with -1
try(function() return basin.zeros({ 2 }):item() end)                     --> errors.lua:78: item() is of a tensor with one element, and this one has 2
try(function() return basin.table { columns = { "a" }, rows = { { 1, 2 } } } end) --> errors.lua:79: basin.table: row 1 has 2 cells, and there are 1 columns
try(function() return basin.table { columns = { "a" }, rows = { 3 } } end) --> errors.lua:80: basin.table: row 1 must be a list, got the number 3
try(function() return basin.args.steps end)                              --> errors.lua:81: no argument 'steps' was declared with basin.arguments
try(function() return undeclared end)                                    --> errors.lua:82: there is no variable 'undeclared'
try(function() return pritn end)                                         --> errors.lua:83: there is no variable 'pritn'; did you mean 'print'?
try(function() new_global = 3 end)                                       --> errors.lua:84: 'new_global' is not declared; write: local new_global = ...
try(function() help "smapler" end)                                       --> errors.lua:85: there is no help for 'smapler'; did you mean 'sampler'?

-- a seed is never negative: it would be another one in silence
local sampled = { model = model, sampler = basin.sampler "ddim" {}, process = basin.process "vp" {}, seed = -1 }
try(function() run:sample(sampled) end)                                  --> errors.lua:89: run:sample: 'seed' must be at least 0, got -1
try(function() basin.metric "lpf" {}:measure(model, data, { seed = -1 }) end) --> errors.lua:90: metric:measure: 'seed' must be an integer of at least 0, got the number -1

-- numbers that a type cannot hold, sizes that no memory has
try(function() return basin.tensor(1e300) end)                           --> errors.lua:93: 1e+300 does not fit into float32, which holds -3.403e+38 to 3.403e+38; "float64" holds it
try(function() return basin.tensor({ 3, 300 }, "uint8") end)             --> errors.lua:94: 300 does not fit into uint8, which holds 0 to 255; "float64" holds it
try(function() return basin.full({ 2 }, 0 / 0, "int64") end)             --> errors.lua:95: nan does not fit into int64...
try(function() return basin.zeros { -2 } end)                            --> errors.lua:96: the sizes of a tensor are at least 0, got -2
try(function() return basin.zeros { 1 << 40, 1 << 40 } end)              --> errors.lua:97: a tensor of 1.209e+24 elements is more than any memory holds; give smaller sizes
try(function() return basin.eye(1e9) end)                                --> errors.lua:98: a tensor of 1e+18 elements is more than any memory holds; give smaller sizes
try(function() return basin.linspace(0, 1, 1 << 50) end)                 --> errors.lua:99: a tensor of 1.126e+15 elements is more than any memory holds; give smaller sizes
try(function() return basin.range(1, 1e300) end)                         --> errors.lua:100: basin.range takes finite ends with at most 1e9 numbers between, got 1 to 1e+300
try(function() return basin.range(0 / 0, 1) end)                         --> errors.lua:101: basin.range takes finite ends...
try(function() return basin.optimizer "adam" { lr = math.huge } end)     --> errors.lua:102: option 'lr' of optimizer 'adam' must be a finite number of at least 0, and inf was given
try(function() return basin.metric "lpf" { sigma = math.huge } end)      --> errors.lua:103: option 'sigma' of metric 'lpf' must be a finite number of at least 0, and inf was given
try(function() return data:read(2, math.maxinteger) end)                 --> errors.lua:104: 9223372036854775807 items from item 2 on are not all in the data set, which has 32, counted from 1

-- keys that are no names; a NaN has no sign; control characters; a place is said once
try(function() return basin[3] end)                                      --> errors.lua:107: basin has no element 3; it has: args...
try(function() return adam[3] end)                                       --> errors.lua:108: the optimizer 'adam' has no element 3; it has: lr...
try(function() return run[0.5] end)                                      --> errors.lua:109: a run has no element 0.5; it has: train...
try(function() return basin.args[3] end)                                 --> errors.lua:110: basin.args has no element 3
print(0 / 0, -(0 / 0), tostring(0 / 0))                                  --> nan	nan	nan
try(function() return basin.zeros(0 / 0) end)                            --> errors.lua:112: basin.zeros: 'sizes' must be a list, got the number nan
try(function() return basin.zeros "\27[31m\7" end)                       --> errors.lua:113: basin.zeros: 'sizes' must be a list, got the string "\27[31m\7"
try(function() return basin.optimizer "ad\27m\u{9b}" end)                --> errors.lua:114: there is no optimizer 'ad\27m\194\155'...
try(coroutine.wrap(function() error "inside" end))                       --> errors.lua:115: inside
try(coroutine.wrap(function() basin.zeros "x" end))                      --> errors.lua:116: basin.zeros: 'sizes' must be a list, got the string "x"
try(function() require "nothere" end)                                    --> errors.lua:117: there is no module 'nothere': require looks for nothere.lua beside the script and along package.path

-- what no denoiser is
local extractor = basin.model "small_features" { pretrained = false }
try(function() run:sample { model = extractor, sampler = basin.sampler "ddim" {}, process = basin.process "vp" {} } end) --> errors.lua:121: model 'small_features' predicts nothing that a process could use (it is a feature extractor); give a model with a time input
try(function() train { model = extractor, data = basin.dataset "shapes" { count = 32 } } end) --> errors.lua:57: the loss 'simple' needs a model that predicts epsilon, x0, v or the score, and 'small_features' is a feature extractor...
try(function() return basin.dataset("gaussian", { count = 8, size = 8 }):labels(1) end) --> errors.lua:123: the data set 'gaussian' has no labels
local wrapped = coroutine.wrap(function() return 3 end)
try(function() wrapped() wrapped() end)                                  --> errors.lua:125: this coroutine is dead and cannot go on

-- a dot where the call with a name belongs
for _, kind in ipairs { "model", "dataset", "averager", "sampler", "noise_schedule", "quantizer", "metric", "process" } do
  local ok, message = pcall(function() return basin[kind].nothing_like_it {} end)
  assert(not ok and message:find(('basin.%s takes a name in quotes: basin.%s "NAME" { ... }; there are: '):format(kind, kind), 1, true), message)
end
try(function() return basin.optimizer.adam {} end)                       --> errors.lua:132: basin.optimizer takes a name in quotes: basin.optimizer "adam" { ... }
try(function() return basin.optimizer:smm {} end)                        --> errors.lua:133: basin.optimizer takes a name in quotes: basin.optimizer "sam" { ... }
try(function() basin.metric.fid = 3 end)                                 --> errors.lua:134: basin.metric takes a name in quotes: basin.metric "fid" { ... }
try(function() return basin.optimizer "sam" { base = basin.optimizer } end) --> errors.lua:135: option 'base' cannot be a function; an option takes...
try(function() train { optimizer = basin.optimizer } end)                --> errors.lua:57: run:train: 'optimizer' must be an optimizer, got a function
assert(basin.optimizer("adam", { lr = 1 }).lr == 1 and pcall(basin.optimizer, "adam"))

-- names of others, and a run that has done nothing yet
try(function() return basin.zeros { 2 }.clip end)                        --> errors.lua:140: a tensor has no 'clip'; np.clip(x, 0, 1) is x:clamp(0, 1) here
local idle = basin.run { name = "idle" }
try(function() return idle:curve "loss" end)                             --> errors.lua:142: run 'idle' has no folder yet: its first train or sample opens it
try(function() return idle:report {} end)                                --> errors.lua:143: run 'idle' has no folder yet: its first train or sample opens it

-- a model called with less than x and t
try(function() return model(basin.zeros { 1, 3, 8, 8 }) end)             --> errors.lua:146: a model is called as model(x, t), with x a tensor [B,C,H,W] and t a number or a tensor [B]; got a tensor and nothing
try(function() return model() end)                                       --> errors.lua:147: a model is called as model(x, t), with x a tensor [B,C,H,W] and t a number or a tensor [B]; got nothing and nothing
try(function() return extractor() end)                                   --> errors.lua:148: model 'small_features' predicts nothing that a process could use (it is a feature extractor)...

-- metrics of what they do not measure
for _, name in ipairs { "fid", "kid", "precision_recall", "diversity", "inception_score", "nearest_neighbours", "mmd", "gaussian_kl", "feature_statistics" } do
  local options = name == "feature_statistics" and { features = extractor, to = "none.npz" } or { features = extractor }
  for _, process in ipairs { false, basin.process "vp" {} } do
    local ok, message = pcall(function() basin.metric(name, options):measure(model, data, process and { process = process } or {}) end)
    local wanted = ("metric '%s' measures images, and a model was given; run:sample makes some of it"):format(name)
    assert(not ok and tostring(message):find(wanted, 1, true), message)
  end
end
for wanted, subject in pairs { ["measures a model, not images or data"] = data, ["it is a feature extractor"] = extractor } do
  local ok, message = pcall(function() basin.metric "lpf" {}:measure(subject, data, { process = basin.process "vp" {} }) end)
  assert(not ok and tostring(message):find(wanted, 1, true), message)
end
try(function() basin.metric "lpf" {}:measure(extractor, data) end)       --> errors.lua:163: model 'small_features' is a feature extractor and has no training loss to measure; give a model that predicts epsilon, x0, v or the score

-- runs that are none
try(function() basin.report { runs = { "nope" } } end)                   --> errors.lua:166: there is no run 'nope'...
try(function() basin.report { runs = { 77 } } end)                       --> errors.lua:167: there is no run 77...
try(function() basin.report { runs = { 1.5 } } end)                      --> errors.lua:168: a report is about runs, or their numbers, names or folders, got the number 1.5
