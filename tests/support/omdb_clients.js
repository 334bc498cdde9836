// Calls clients of OMDb that others wrote: reads [url, calls] from standard input, each call a name, a method and its
// argument; writes what each returned, or the error. All calls run at the same time.
//
// Clients that have OMDb's host built in reach the service as by an entry in the hosts file, for port 80.
"use strict";

const net = require("net");
const [url, calls] = JSON.parse(require("fs").readFileSync(0));
const service = new URL(url);

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (options.host === "www.omdbapi.com" && Number(options.port) === 80) {
    options.host = service.hostname;
    options.port = service.port;
  }
  return connect.apply(this, args);
};

const promise = (call) =>
  new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))));

const clients = {
  "omdb-client": (method, argument) => promise((done) => require("omdb-client")[method](argument, done)),
  omdb: (method, argument) => promise((done) => require("omdb")[method](argument, done)),
  "imdb-api": async (method, argument) => {
    const { Client } = require("imdb-api");
    const client = new Client({ apiKey: "any", baseURL: `${url}/omdb/` });
    if (method !== "episodes") return client[method](argument);
    return (await client.get(argument)).episodes();
  },
};

const run = async ([name, method, argument]) => {
  try {
    return { value: (await clients[name](method, argument)) ?? null };
  } catch (error) {
    return { error: String(error.message ?? error) };
  }
};

Promise.all(calls.map(run)).then((results) => console.log(JSON.stringify(results)));
