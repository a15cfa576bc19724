-- Samplers, optimizers and metrics written in Lua give what the plugins of the same method give.
local basin = require "basin"
local toy = require "toy"
local data, process = toy.data, toy.process

local function close(what, a, b, tolerance)
  local d = (a - b):abs():max():item()
  assert(d <= tolerance, what .. ": they differ by " .. d)
end

-- ---- a sampler: DDIM without noise (Song et al. 2020, eq. 12), as plugins/samplers/ddim computes it
local function ddim(steps)
  return basin.sampler("lua_ddim", function(sampling)
    local x, levels = sampling.start, sampling:levels(steps, "stride")
    for i = #levels, 1, -1 do
      local t, before = levels[i], i > 1 and sampling.process:alpha(levels[i - 1]) or 1
      local alpha, sigma = sampling.process:alpha(t), sampling.process:sigma(t)
      local _, x0 = sampling:denoise(x, t)
      x0 = x0:clamp(-1, 1)
      local epsilon = (x - alpha * x0) / sigma
      x = before * x0 + math.sqrt(1 - before ^ 2) * epsilon
      sampling:report(#levels - i + 1, #levels, x, x0)
    end
    return x
  end)
end

local model = toy.tiny()
local run = basin.run { name = "written", device = "cpu" }
run:train {
  model = model, data = data, process = process, steps = 4, batch = 8, optimizer = basin.optimizer "adam" { lr = 1e-3 },
}
local heard, batches = {}, {}
local mine = run:sample {
  model = model, sampler = ddim(10), count = 6, batch = 4,
  on_step = function(at) heard[#heard + 1] = at.x0:abs():max():item() <= 1 and at.step end,
  on_sample = function(at) batches[#batches + 1] = { at.done, at.count, at.images.count } end,
}
local theirs = run:sample { model = model, sampler = basin.sampler "ddim" { steps = 10 }, count = 6, batch = 4 }
close("DDIM", mine.pixels:to "float32", theirs.pixels:to "float32", 1)
assert(#heard == 20 and heard[10] == 10 and heard[11] == 1)
assert(#batches == 2 and batches[1][1] == 4 and batches[2][1] == 6 and batches[2][2] == 6 and batches[2][3] == 2)
assert(tostring(mine.protocol.sampler.component) == "lua_ddim" and mine.protocol.sampler.options.code)
-- Finished images are loaded: nothing is called again.
heard = {}
run:sample { model = model, sampler = ddim(10), count = 6, on_step = function() heard[1] = true end }
assert(#heard == 0, "finished images were sampled again")
run:sample { model = model, sampler = ddim(5), count = 6, on_step = function() heard[1] = true end }
assert(#heard == 1, "another sampler gave the finished images of the first")

-- ---- the model as a function
local x, t = basin.randn { 2, 3, 8, 8 }, 300
assert(model(x, t) == model(x, basin.tensor { 300, 300 }))
assert(model(x, t) ~= model(x, 301))
toy.refused("a model is called as model(x, t)", function() return model(x, basin.ones { 3 }) end)

-- ---- optimizers
local function weights(name, steps, optimizer, options)
  local made, all = toy.tiny(), {}
  local o = {
    model = made, data = data, process = process, steps = steps, batch = 8, optimizer = optimizer,
  }
  for key, value in pairs(options or {}) do o[key] = value end
  local ok, message = pcall(function() basin.run { name = name, device = "cpu" }:train(o) end)
  return made, ok, message
end
local function same(what, a, b)
  for name, value in pairs(a:parameters()) do close(what .. ", " .. name, value, b:parameters()[name], 2e-6) end
end
local function sgd(lr)
  return basin.optimizer("lua_sgd", function(training)
    training:loss()
    for _, g in ipairs(training.groups) do g.values[{}] = g.values - lr * g.rate * g.gradients end
  end)
end
local function momentum(lr)
  return basin.optimizer("lua_momentum", function(training)
    training:loss()
    for i, g in ipairs(training.groups) do
      local m = training:state("m" .. i, g.values)
      m[{}] = 0.9 * m + g.gradients
      g.values[{}] = g.values - lr * m
    end
  end)
end
same("SGD", weights("a", 5, sgd(0.1)), weights("b", 5, basin.optimizer "sgd" { lr = 0.1 }))
same("momentum", weights("c", 5, momentum(0.1)), weights("d", 5, basin.optimizer "sgd" { lr = 0.1, momentum = 0.9 }))
same("SAM over it", weights("e", 3, basin.optimizer "sam" { rho = 0.05, base = sgd(0.1) }),
  weights("f", 3, basin.optimizer "sam" { rho = 0.05, base = basin.optimizer "sgd" { lr = 0.1 } }))

-- What it remembers is in the checkpoints: a training that failed in the middle goes on as if nothing had been.
local whole = weights("whole", 8, momentum(0.1), { save_every = 3 })
local fail = true
local function stop(at) if fail and at.step == 5 then error "the lamp went out" end end
local _, ok, message = weights("broken", 8, momentum(0.1), { save_every = 3, on_step = stop })
assert(not ok and message:find "the lamp went out; training ended there, and the checkpoint of step 3 is kept$", message)
fail = false
local resumed
resumed, ok, message = weights("broken", 8, momentum(0.1), { save_every = 3, on_step = stop })
assert(ok, message)
same("resumed", whole, resumed)

-- ---- metrics
local calls = 0
local flat = basin.metric("moved", function(m)
  calls = calls + 1
  local before = m:losses(1, 32):mean()
  for _, value in pairs(m.model:parameters()) do value[{}] = value + 0.01 end
  return { moved = m:losses(1, 32):mean(), before = { value = before:item(), low = 0, high = 1 } }
end)
local kept = toy.weights(model)
local found = flat:measure(model, data)
assert(found.value == found.moved and found.moved ~= found.before and found.intervals.before.high == 1)
assert(toy.distance(kept, toy.weights(model)) == 0, "the weights were not put back")
calls = 0
assert(flat:measure(model, data).moved == found.moved and calls == 0, "a finished measurement was made again")
local bright = basin.metric("bright", function(m) return m.images.pixels:to("float32"):mean() end)
assert(math.abs(bright:measure(mine).value - mine.pixels:mean():item()) < 1e-3)

-- ---- mistakes
toy.refused("written.lua:122: no luck", function()
  run:sample { model = model, sampler = basin.sampler("bad", function() error "no luck" end), count = 1 }
end)
toy.refused("a sampler must return the images, tensor [1,3,8,8] float32 cpu; this one returned nothing", function()
  run:sample { model = model, sampler = basin.sampler("none", function() end), count = 1 }
end)
_, ok, message = weights("idle", 1, basin.optimizer("idle", function() end))
assert(not ok and message:find("an optimizer must call training:loss()", 1, true), message)
toy.refused("a metric returns a number", function() basin.metric("nothing", function() end):measure(model, data) end)
local escaped
run:sample { model = model, sampler = basin.sampler("leak", function(s) escaped = s return s.start end), count = 1 }
toy.refused("this sampling has ended", function() return escaped:noise(1) end)
toy.refused("'options' must be a table, got a function", function() return basin.model("mine", function() end) end)
