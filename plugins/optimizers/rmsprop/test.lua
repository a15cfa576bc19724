local basin, toy = require "basin", require "toy"
local close, refused = toy.close, toy.refused

local last, first = "out.2.weight", "input_blocks.0.0.weight"  -- the last layer begins as 0, so the first has no gradient

-- The first step is lr g / sqrt((1 - alpha) g^2): lr / sqrt(1 - alpha) for every weight that has a gradient.
local change = toy.trained("rmsprop-first", 1, basin.optimizer "rmsprop" { lr = 1e-3, alpha = 0.99 })
close(change[last]:abs():max():item(), 1e-2, 1e-3)
close(change[last]:abs():mean():item(), 1e-2, 1e-2)
assert(change[first]:abs():max():item() == 0)
-- Centred, it is lr / sqrt((1 - alpha) - (1 - alpha)^2).
local centered = toy.trained("rmsprop-centred", 1, basin.optimizer "rmsprop" { lr = 1e-3, alpha = 0.75, centered = true })
close(centered[last]:abs():max():item(), 1e-3 / math.sqrt(0.25 - 0.25 ^ 2), 1e-3)

-- Momentum does nothing in the first step and makes the second longer.
local with, without = { lr = 1e-3, momentum = 0.9 }, { lr = 1e-3 }
local function reach(name, steps, options)
  return toy.trained(name, steps, basin.optimizer("rmsprop", options))[last]:abs():sum():item()
end
assert(reach("rmsprop-momentum-1", 1, with) == reach("rmsprop-plain-1", 1, without))
assert(reach("rmsprop-momentum-2", 2, with) > 1.2 * reach("rmsprop-plain-2", 2, without))

local _, _, losses = toy.trained("rmsprop-learns", 40, basin.optimizer "rmsprop" { lr = 1e-3 })
assert(losses[#losses] < 0.9 * losses[1])

refused("momentum", function() return basin.optimizer "rmsprop" { momentun = 0.5 } end)
print "ok"
