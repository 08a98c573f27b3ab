#!/usr/bin/env python3
"""Sends the requests of a tour to a schema registry that has nothing yet, and writes the tour with its answers.

    record.py http://127.0.0.1:8081 < tour.jsonl > answered.jsonl

A tour has one request a line: method, path, body (text, if any), headers (if any), and once recorded status, type
and answer. The tour here was answered by Confluent's Schema Registry 8.1.5 on Kafka 4.3.1."""
import http.client
import json
import sys
import urllib.parse


def main():
    url = urllib.parse.urlsplit(sys.argv[1])
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    for line in sys.stdin:
        step = json.loads(line)
        headers = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
        headers.update(step.get("headers", {}))
        body = step.get("body")
        if body is None:
            headers.pop("Content-Type")
        connection.request(step["method"], step["path"], None if body is None else body.encode(), headers)
        response = connection.getresponse()
        answer = response.read().decode()
        step["status"] = response.status
        step["type"] = response.getheader("Content-Type")
        step["answer"] = answer
        print(json.dumps(step, ensure_ascii=False))


main()
