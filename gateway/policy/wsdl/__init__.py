"""Channels made from WSDL 1.1 documents with SOAP over HTTP, document/literal: a draft to be looked at."""
